"""The whole policy at once: does a truly bad adapter get through?

Two ways, which a test holds equal. `share_promoted` simplifies nothing: the shipped loop scores two
suites in looks (with answers drawn instead of computed), capabilities share the budget, and the
shipped policy code decides. `share_at_once` draws thousands of checks for a budget that does not
bind, where what one capability uses takes nothing from another.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from simulation import BINARY, PAIRED, decide, draw, looks_of

from gatekeeper.check.bench import Bench
from gatekeeper.check.progress import Silent
from gatekeeper.check.request import Request
from gatekeeper.check.scoring_loop import SuiteRun, score_suites
from gatekeeper.decision.outcomes import compare_pairs
from gatekeeper.evidence import BasePin, Role, Sampling
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.policy import Budget, ForgettingRule, LoadedPolicy, Policy, TaskRule
from gatekeeper.scoring.interface import SampleScore
from gatekeeper.suite import Capability, Suite, TaskRef
from gatekeeper.verdict import Outcome

MARGIN, BAR, GAIN = 0.05, 0.85, 0.30
CAPABILITIES = 8


@dataclass(frozen=True)
class Answers:
    """How one capability answers: base score, and shares of samples lost and gained."""

    base: float
    lost: float
    gained: float


SOUND = Answers(base=0.7, lost=0.02, gained=0.02)
LEARNED = Answers(base=0.45, lost=0.02, gained=0.48)


@dataclass(frozen=True)
class DrawnTask:
    """A task whose answers are drawn; see `gatekeeper.scoring.interface.ScoringTask`."""

    name: str
    size: int

    def __len__(self) -> int:
        return self.size

    def sample_id(self, doc: int) -> str:
        return f"{self.name}/{doc}"

    def question(self, doc: int) -> str:
        return ""

    def group(self, doc: int) -> None:
        return None

    def kind(self, doc: int) -> None:
        return None


class DrawnEngine:
    """Draws right and wrong answers; a doc is answered once, as by a real model.

    As much of `gatekeeper.scoring.interface.Engine` as the loop of a check asks for.
    """

    def __init__(self, answers: dict[str, Answers], seed: int) -> None:
        self._answers = answers
        self._seed = seed

    def score(
        self, task: DrawnTask, docs: Sequence[int], candidate: str | None, progress: object = None
    ) -> list[SampleScore]:
        found = []
        for doc in docs:
            how = self._answers[task.name]
            luck = random.Random(f"{self._seed}/{task.name}/{doc}").random()
            right = luck < how.base
            if candidate is not None:
                # lost: among the right ones; gained: among the wrong ones, from the other end
                right = how.lost <= luck < how.base or luck > 1 - how.gained
            found.append(SampleScore(task.sample_id(doc), float(right), "", "", ""))
        return found


def promoted(
    answers: dict[str, Answers], seed: int, *, max_samples: int, pool: int, alpha: float = 0.05
) -> tuple[bool, int]:
    """One check: is every rule shown to hold, and after how many samples?"""
    policy = Policy(
        name="bench",
        alpha=alpha,
        task=(TaskRule(suite="task", bar=BAR, min_gain=GAIN),),
        forgetting=(ForgettingRule(suite="general", margin=MARGIN),),
        budget=Budget(max_samples=max_samples),
    )
    sampling = Sampling(seed=seed, max_samples=max_samples, look_every=policy.budget.look_every)
    suites = (_suite("task", Role.TASK, ["task"]), _suite("general", Role.FORGETTING))
    bench = Bench(
        request=_request(policy, suites, sampling),
        engine=DrawnEngine(answers, seed),
        tasks={
            suite.name: {c.name: [DrawnTask(c.name, pool)] for c in suite.capabilities}
            for suite in suites
        },
        progress=Silent(),
        staging=Path(),
    )
    runs = (SuiteRun(suite, bench, "candidate") for suite in suites)
    pairs = [p for scores in score_suites(runs, policy.budget.on_fail) for p in scores.pairs]
    results = compare_pairs(pairs, policy, sampling, intervals=False)
    used = sum(len(pair.base) for pair in pairs)
    return all(result.outcome is Outcome.PASS for result in results), used


def _request(policy: Policy, suites: tuple[Suite, ...], sampling: Sampling) -> Request:
    nowhere = {"source": "", "digest": "", "weights_digest": "", "config_digest": ""}
    return Request(
        candidates=(),
        base_folder=ModelFolder(Path()),
        base=BasePin(name="drawn", dtype="float32", tokenizer_digest="", **nowhere),
        policy=LoadedPolicy(policy, "drawn"),
        suites=suites,
        sampling=sampling,
        history=lambda *_: (),
    )


def _suite(name: str, role: Role, capabilities: Sequence[str] = ()) -> Suite:
    names = capabilities or [f"ability{i}" for i in range(CAPABILITIES)]
    return Suite(
        name=name,
        role=role,
        capabilities=tuple(
            Capability(name=n, tasks=(TaskRef(task=n, metric="acc", chance=0.25),)) for n in names
        ),
    )


def world(**changed: Answers) -> dict[str, Answers]:
    """Every capability sound and the task learned, but for what is named."""
    answers = {"task": LEARNED} | {f"ability{i}": SOUND for i in range(CAPABILITIES)}
    return answers | changed


SCENARIOS: dict[str, dict[str, Answers]] = {
    "sound in everything": world(),
    "one capability exactly at its margin, 5% flips": world(
        ability3=Answers(0.7, lost=0.05, gained=0.0)
    ),
    "one capability exactly at its margin, 15% flips": world(
        ability3=Answers(0.7, lost=0.10, gained=0.05)
    ),
    "one capability exactly at its margin, 30% flips": world(
        ability3=Answers(0.6, lost=0.175, gained=0.125)
    ),
    "task exactly at its bar": world(task=Answers(0.45, lost=0.02, gained=0.42)),
    "gain exactly at its limit": world(task=Answers(0.65, lost=0.01, gained=0.31)),
    "one capability 3 points beyond its margin": world(
        ability3=Answers(0.7, lost=0.10, gained=0.02)
    ),
}


def share_promoted(
    name: str, checks: int, *, max_samples: int, pool: int, first_seed: int = 0
) -> tuple[float, float]:
    """Share of checks that end in promote, and mean samples of a check."""
    found = [
        promoted(SCENARIOS[name], first_seed + i, max_samples=max_samples, pool=pool)
        for i in range(checks)
    ]
    return sum(yes for yes, _ in found) / checks, sum(used for _, used in found) / checks


def share_at_once(name: str, checks: int, *, pool: int, seed: int = 0) -> float:
    """The same share for a budget that does not bind."""
    looks = looks_of(pool)
    promoted = np.ones(checks, dtype=bool)
    for place, (task, how) in enumerate(SCENARIOS[name].items()):
        # (kept right, lost, gained, stayed wrong)
        shares = (how.base - how.lost, how.lost, how.gained, 1 - how.base - how.gained)
        right, lost, gained, wrong = np.moveaxis(
            draw(seed * 100 + place, checks, looks, shares), -1, 0
        )
        changes = np.stack([lost, right + wrong, gained], axis=-1)
        if task == "task":
            now = np.stack([lost + wrong, right + gained], axis=-1)
            sides = [decide(BINARY, now, looks, BAR), decide(PAIRED, changes, looks, GAIN)]
        else:
            sides = [decide(PAIRED, changes, looks, -MARGIN)]
        for above, below in sides:
            never = len(looks)
            up = np.where(above.any(axis=1), above.argmax(axis=1), never)
            down = np.where(below.any(axis=1), below.argmax(axis=1), never)
            promoted &= up < down
    return float(promoted.mean())
