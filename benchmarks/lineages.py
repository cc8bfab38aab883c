"""Made-up lineages with a known cause: what a gate would see, noise and holes included.

A world is a true score per rung on training rows and on held-out samples, a training curve, and
one cause why the bar is missed. `check_of` draws what one check would measure in it: Bernoulli
samples, a noisy curve that goes through the real shape rules, a noisy probe, and evidence that is
sometimes simply not there. Nothing in it knows the thresholds that the decision uses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from gatekeeper.authoring.declared_case import Counts, PolicyCase, Training
from gatekeeper.authoring.declared_check import evidence_of
from gatekeeper.evidence import (
    Contradictions,
    CurvePoint,
    Evidence,
    Role,
    TrainingShape,
    TrainProbe,
)
from gatekeeper.policy import LoadedPolicy, load_policy
from gatekeeper.training.curve import Curve, shape_of

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EVERYTHING = (*ATTENTION, "gate_proj", "up_proj", "down_proj")
RUNGS = ((8, ("q_proj", "v_proj")), (16, ATTENTION), (64, EVERYTHING))
TOP = len(RUNGS) - 1
POLICY = Path(__file__).parents[1] / "policies" / "tests" / "task-and-default.yaml"
BAR = 0.85


class Truth(StrEnum):
    """Why the bar is missed in a made-up lineage."""

    RANK = "rank too low"
    FULL = "beyond LoRA"
    CONTRADICTORY = "contradictory labels"
    LABELS = "noisy training labels"
    LITTLE_DATA = "too little data"
    SHIFT = "held-out data of another kind"
    OVER_TRAINED = "over-trained"
    UNDER_TRAINED = "stopped early"
    SLOW = "learning rate too low"
    DIVERGED = "diverged"
    AMBIGUOUS = "ambiguous on both sides"
    """The same share of labels is arbitrary in training data and suite: no model can reach the
    bar, and at one rung it looks like lack of capacity."""
    FINE = "nothing: the bar is reached"


DATA = (Truth.CONTRADICTORY, Truth.LABELS, Truth.LITTLE_DATA, Truth.SHIFT)
TRAINING = (Truth.OVER_TRAINED, Truth.UNDER_TRAINED, Truth.SLOW, Truth.DIVERGED)


@dataclass(frozen=True)
class World:
    """One lineage: its cause, and the true scores at each rung."""

    truth: Truth
    train: tuple[float, ...]
    """True share of training rows answered as labelled, by rung."""
    held_out: tuple[float, ...]
    contradictions: float
    start: int
    schedule: str
    hole: str | None
    """Evidence that this team never writes."""


def make_world(truth: Truth, rng: np.random.Generator) -> World:
    """Draw a lineage with this cause."""
    train, held = _scores(truth, rng)
    holes: list[str | None] = ["manifest", "curve", "data", "validation", None]
    return World(
        truth=truth,
        train=tuple(float(np.clip(p, 0.02, 0.995)) for p in train),
        held_out=tuple(float(np.clip(p, 0.02, 0.995)) for p in held),
        contradictions=_contradictions(truth, rng),
        start=int(rng.choice(3, p=[0.75, 0.15, 0.10])),
        schedule=str(rng.choice(["constant", "linear", "cosine"], p=[0.4, 0.4, 0.2])),
        hole=holes[int(rng.choice(5, p=[0.03, 0.05, 0.04, 0.10, 0.78]))],
    )


def _scores(truth: Truth, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    gap = uniform(-0.01, 0.05)  # a little is always lost on unseen samples
    if truth is Truth.RANK:
        # The bar is reached one or two rungs up; the rungs below are each worse.
        steps = np.cumsum([0.0, uniform(0.06, 0.35), uniform(0.03, 0.3)])
        top = uniform(0.9, 0.98)
        reached = int(rng.choice([1, 2]))
        train = [min(top, top - steps[reached] + step) for step in steps]
    elif truth is Truth.FULL:
        steps = np.cumsum([0.0, uniform(0.04, 0.2), uniform(0.03, 0.15)])
        top = uniform(0.6, BAR - 0.06)
        train = [top - steps[-1] + step for step in steps]
    elif truth is Truth.CONTRADICTORY:
        train = [uniform(0.5, 0.85)] * 3
        train = [p + 0.03 * i for i, p in enumerate(train)]
        return train, [min(p, BAR - 0.05) - uniform(-0.05, 0.1) for p in train]
    elif truth is Truth.LABELS:
        # The rule is learned in part; clean held-out samples score better than the training rows.
        noise, held = uniform(0.15, 0.45), uniform(0.55, BAR - 0.05)
        train = [held * (1 - noise) + noise * 0.05 + 0.02 * i for i in range(3)]
        return train, [held - 0.005 * i for i in range(3)]
    elif truth is Truth.LITTLE_DATA:
        held = uniform(0.4, BAR - 0.08)
        return [uniform(0.93, 0.995)] * 3, [held - 0.01 * i for i in range(3)]
    elif truth is Truth.SHIFT:
        held = uniform(0.5, BAR - 0.06)
        return [uniform(0.87, 0.97)] * 3, [held + 0.005 * i for i in range(3)]
    elif truth is Truth.OVER_TRAINED:
        held = uniform(0.55, BAR - 0.06)
        return [uniform(0.85, 0.99)] * 3, [held - 0.02 * i for i in range(3)]
    elif truth is Truth.AMBIGUOUS:
        level = uniform(0.5, BAR - 0.06)
        train = [level + 0.01 * i for i in range(3)]
    elif truth is Truth.FINE:
        train = [uniform(0.92, 0.98)] * 3
        gap = min(gap, 0.02)
    else:
        train = [uniform(0.3, BAR - 0.08)] * 3
    return train, [p - gap for p in train]


def _contradictions(truth: Truth, rng: np.random.Generator) -> float:
    """Share of rows that the count finds; it is a lower bound, and never quite silent."""
    spurious = float(rng.choice([0.0, rng.uniform(0.0, 0.01)]))
    if truth is Truth.CONTRADICTORY:
        return spurious + float(rng.uniform(0.08, 0.5) * rng.uniform(0.1, 1.0))
    return spurious


def check_of(world: World, rung: int, rng: np.random.Generator) -> tuple[Evidence, PolicyCase]:
    """What `gate check` would measure at one rung of the lineage."""
    r, targets = RUNGS[rung]
    n, base = int(rng.choice([150, 250, 400])), float(rng.uniform(0.05, 0.3))
    case = PolicyCase(
        name=f"{world.truth} {rung} {rng.integers(1 << 40)}",
        expect="hold",
        task={"triage": Counts(samples=n, right=0)},
        forgetting={"general": {"grammar": Counts(samples=400, right=320, lost=3, gained=3)}},
        training=Training(r=r, targets=targets),
    )
    evidence = evidence_of(case, policy())
    pairs = tuple(
        pair.model_copy(
            update={
                "base": _draws(base, n, rng),
                "candidate": _draws(world.held_out[rung], n, rng),
            }
        )
        if pair.role is Role.TASK
        else pair
        for pair in evidence.pairs
    )
    training = evidence.training.model_copy(update=_training(world, rung, base, rng))
    return evidence.model_copy(update={"pairs": pairs, "training": training}), case


def policy() -> LoadedPolicy:
    """Bar 85%, gain 5 points; the default ladder."""
    return load_policy(str(POLICY))


def _training(world: World, rung: int, base: float, rng: np.random.Generator) -> dict[str, Any]:
    curve = _curve(world, world.train[rung], rng)
    shape, text = shape_of(curve)
    rows = int(rng.integers(500, 5000))
    torn = Contradictions(
        rows=rows, conflicting_rows=round(rows * world.contradictions), groups=1
    )  # fmt: skip
    probe = TrainProbe(
        samples=200, base_score=base,
        candidate_score=float(rng.binomial(200, world.train[rung]) / 200),
    )  # fmt: skip
    found: dict[str, Any] = {
        "curve": curve.points, "shape": shape, "shape_text": text, "best_step": curve.best_step,
        "submitted_step": curve.global_step, "has_validation": bool(curve.evaluations),
        "contradictions": torn, "probe": probe,
    }  # fmt: skip
    if world.hole == "manifest":
        return {"manifest": None, "contradictions": None, "probe": None}
    if world.hole == "curve":
        return found | {
            "curve": (),
            "shape": TrainingShape.UNKNOWN,
            "shape_text": "",
            "has_validation": None,
        }
    if world.hole == "data":
        return found | {"contradictions": None, "probe": None}
    return found


def _draws(p: float, n: int, rng: np.random.Generator) -> tuple[float, ...]:
    return tuple((rng.random(n) < p).astype(float).tolist())


def _curve(world: World, train: float, rng: np.random.Generator) -> Curve:
    """Loss from about 3 nats to a floor that goes with the score, logged 30 to 80 times."""
    points, truth = int(rng.integers(30, 80)), world.truth
    time = np.arange(1, points + 1) / points
    rate = {
        "constant": np.ones(points),
        "linear": 1 - time * 0.999,
        "cosine": 0.5 * (1 + np.cos(math.pi * time)) + 1e-4,
    }[world.schedule]
    speed = {
        Truth.UNDER_TRAINED: float(rng.uniform(0.8, 2.0)),
        Truth.SLOW: float(rng.uniform(0.05, 0.3)),
    }.get(truth, float(rng.uniform(9, 30)))
    progress = np.cumsum(rate) / points
    first, floor = float(rng.uniform(2.0, 5.0)), 0.02 + 1.6 * (1 - train)
    clean = floor + (first - floor) * np.exp(-speed * progress)
    noise = float(rng.uniform(0.03, 0.15))
    loss = clean * np.exp(rng.normal(0, noise, points))
    held = clean * float(rng.uniform(1.0, 1.1)) * np.exp(rng.normal(0, 0.01, points))
    if truth in (Truth.LITTLE_DATA, Truth.OVER_TRAINED):
        turn = float(rng.uniform(0.2, 0.6))
        rises = truth is Truth.OVER_TRAINED or rng.random() < 0.6
        rise = float(rng.uniform(0.25, 1.0)) if rises else 0.0
        held = (clean + 0.5) * (1 + rise * np.clip((time - turn) / (1 - turn), 0, 1))
        held = held * np.exp(rng.normal(0, 0.01, points))
    broken = None
    if truth is Truth.DIVERGED:
        turn = float(rng.uniform(0.3, 0.8))
        loss = np.where(time > turn, loss + float(rng.uniform(1.0, 6.0)), loss)
        held = np.where(time > turn, held + float(rng.uniform(1.0, 6.0)), held)
        broken = points if rng.random() < 0.3 else None
    every = max(1, points // int(rng.integers(5, 10)))
    evaluated = world.hole != "validation"
    curve = tuple(
        CurvePoint(
            step=10 * (i + 1), loss=float(loss[i]), learning_rate=float(1e-3 * rate[i]),
            eval_loss=float(held[i]) if evaluated and (i + 1) % every == 0 else None,
        )
        for i in range(points)
    )  # fmt: skip
    scored = [(p.eval_loss, p.step) for p in curve if p.eval_loss is not None]
    return Curve(
        points=curve, global_step=10 * points, max_steps=10 * points,
        best_step=min(scored)[1] if scored else None, broken=broken,
    )  # fmt: skip
