"""A check needs of an engine what `scoring/interface.py` says, and no model in this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gatekeeper.authoring.measure_suite import measure_suite
from gatekeeper.check.bench import Bench
from gatekeeper.check.intake import Candidate
from gatekeeper.check.measure import Measured, measure
from gatekeeper.check.progress import Silent
from gatekeeper.check.request import Request
from gatekeeper.errors import AdapterRefused, EngineError
from gatekeeper.evidence import (
    BasePin,
    CandidatePin,
    DetachProof,
    EffectProbe,
    NeutralText,
    Role,
    Sampling,
    TrainingEvidence,
)
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.policy import ForgettingRule, LoadedPolicy, Policy, TaskRule
from gatekeeper.scoring.interface import Engine, Progress, SampleScore, Work
from gatekeeper.suite import Capability, Suite, TaskRef

DIGEST = "sha256:" + "a" * 64
PIN = BasePin(
    name="far", source="https://models.example", dtype="bfloat16", digest="sha256:" + "b" * 64,
    weights_digest="", config_digest="", tokenizer_digest="",
)  # fmt: skip


@dataclass(frozen=True)
class Questions:
    """A task of numbered questions, every other one a hard one."""

    name: str
    size: int = 200

    def __len__(self) -> int:
        return self.size

    def sample_id(self, doc: int) -> str:
        return f"{self.name}/{doc}"

    def question(self, doc: int) -> str:
        return f"question {doc}"

    def group(self, doc: int) -> str | None:
        return None

    def kind(self, doc: int) -> str | None:
        return "hard" if doc % 2 else "easy"


@dataclass
class FarAway:
    """Stands for a server: it knows right answers, and cannot prove what happens inside it."""

    pin: BasePin = PIN
    notes: list[str] = field(default_factory=lambda: ["The server does not say how it batches."])
    work: Work = field(default_factory=Work)
    arms: list[str] = field(default_factory=list)
    asked: list[Suite] = field(default_factory=list)
    refuses: bool = False
    fails: bool = False
    memory: bool = True

    def tasks(self, suite: Suite) -> dict[str, list[Questions]]:
        self.asked.append(suite)
        return {one.name: [Questions(one.name)] for one in suite.capabilities}

    def attach(self, folder: Path, digest: str) -> None:
        if self.refuses:
            raise AdapterRefused("The server cannot load it.")
        self.arms.append(digest)

    def detach(self, digest: str) -> None:
        self.arms = [arm for arm in self.arms if arm != digest]

    def score(
        self,
        task: Questions,
        docs: Sequence[int],
        candidate: str | None,
        progress: Progress | None = None,
    ) -> list[SampleScore]:
        assert candidate is None or candidate in self.arms
        if self.fails:
            raise EngineError("The server went away.")
        self.work.encoded += len(docs)
        return [
            SampleScore(
                sample_id=task.sample_id(doc),
                score=float(task.kind(doc) == "easy" or (candidate is not None and doc % 10 > 1)),
                question=task.question(doc),
                gold="yes",
                answer="yes",
            )
            for doc in docs
        ]

    def drift(self, candidate: str, texts: Sequence[str]) -> NeutralText | None:
        return None

    def prove_effect(self, candidate: str) -> EffectProbe | None:
        return None

    def prove_detach(self) -> DetachProof | None:
        return None

    def rebatched(self) -> Engine[Questions]:
        return FarAway(memory=False)


def suite(name: str, role: Role) -> Suite:
    task = TaskRef(task=name, metric="acc", chance=0.0)
    return Suite(name=name, role=role, capabilities=(Capability(name=name, tasks=(task,)),))


def bench(engine: FarAway, *, against_itself: bool = False) -> Bench[Questions]:
    policy = Policy(
        name="far",
        task=(TaskRule(suite="task", bar=0.8),),
        forgetting=(ForgettingRule(suite="kept", margin=0.1),),
    )
    suites = (suite("task", Role.TASK), suite("kept", Role.FORGETTING))
    request = Request(
        candidates=(),
        base_folder=ModelFolder(Path()),
        base=PIN,
        policy=LoadedPolicy(policy, "far.yaml"),
        suites=suites,
        sampling=Sampling(seed=1, max_samples=400, look_every=50),
        history=lambda *_: (),
        against_itself=against_itself,
    )
    tasks = {one.name: engine.tasks(one) for one in suites}
    return Bench(request, engine, tasks, Silent(), Path())


def measured(engine: FarAway) -> Measured:
    pin = CandidatePin(kind="adapter", name="one", source="one", digest=DIGEST)
    candidate = Candidate(pin, (), Path("one"), TrainingEvidence(), None, None)
    return measure(candidate, bench(engine))


def test_a_candidate_is_measured_attached_and_off_afterwards() -> None:
    engine = FarAway()
    found = measured(engine)
    task, kept = found.pairs
    assert sum(task.candidate) > sum(task.base)
    assert sum(kept.candidate) > sum(kept.base)
    assert found.notes == ("The server does not say how it batches.",)
    assert engine.work.encoded == found.cost.samples_scored
    assert engine.arms == []


def test_what_an_engine_cannot_prove_is_missing_evidence_not_a_pass() -> None:
    found = measured(FarAway())
    assert (found.effect, found.detach, found.neutral_text) == (None, None, None)


def test_a_candidate_that_cannot_be_attached_or_scored_is_off_all_the_same() -> None:
    for engine, problem in (
        (FarAway(refuses=True), AdapterRefused),
        (FarAway(fails=True), EngineError),
    ):
        with pytest.raises(problem):
            measured(engine)
        assert engine.arms == []


def test_the_base_against_itself_is_asked_the_second_time_by_another_engine() -> None:
    one, other = bench(FarAway(), against_itself=True).engines
    assert (one.memory, other.memory) == (True, False)
    alone = bench(FarAway())
    assert alone.engines == (alone.engine, alone.engine)


def test_a_suite_is_measured_with_its_kinds() -> None:
    found = measure_suite(suite("kept", Role.FORGETTING), FarAway())
    [one] = found.capabilities
    assert (one.score, one.kinds) == (0.5, {"easy": (100, 1.0), "hard": (100, 0.0)})
    assert found.base_digest == PIN.digest


@pytest.mark.parametrize("turned", [False, True], ids=["missed last", "missed first"])
def test_training_rows_are_asked_as_the_missed_suite_asks(turned: bool, tmp_path: Path) -> None:
    """90% of either task are right: the plain one is reached, the one behind a chat is missed."""
    chat = suite("chat", Role.TASK).model_copy(update={"system_prompt": "Be brief."})
    rules = [TaskRule(suite="task", bar=0.8), TaskRule(suite="chat", bar=0.99)]
    suites = [suite("task", Role.TASK), chat]
    if turned:
        rules.reverse()
        suites.reverse()
    engine = FarAway()
    plain = bench(engine)
    policy = LoadedPolicy(Policy(name="far", task=tuple(rules)), "far.yaml")
    request = replace(plain.request, policy=policy, suites=tuple(suites))
    tasks = {one.name: engine.tasks(one) for one in suites}
    rows = tuple((f"{n} tickets", "yes" if n % 2 else "no") for n in range(40))
    pin = CandidatePin(kind="adapter", name="one", source="one", digest=DIGEST)
    candidate = Candidate(pin, (), Path("one"), TrainingEvidence(), rows, None)
    found = measure(candidate, Bench(request, engine, tasks, Silent(), tmp_path))
    assert found.training.probe is not None
    assert engine.asked[-1].name == "train-probe"
    assert engine.asked[-1].system_prompt == "Be brief."


def test_no_torch_is_needed_for_an_engine_that_does_not_compute_here() -> None:
    code = (
        "import sys, test_another_engine as t; t.measured(t.FarAway()); print(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "'numpy'" in done.stdout
    assert "'torch'" not in done.stdout
