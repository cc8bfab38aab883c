"""How often is the next step right? Made-up lineages with known causes through the real `decide`.

    python benchmarks/escalation.py [LINEAGES] [SEED]

Each lineage is climbed as a user would: whoever is told to train the next rung does, and checks it
with the earlier checks as history, until the gate says something else.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from lineages import DATA, RUNGS, TOP, TRAINING, Truth, World, check_of, make_world, policy

from gatekeeper.decision.decide import decide
from gatekeeper.registry.check_summaries import summarise
from gatekeeper.verdict import Action, PastCheck, ReasonCode, Verdict
from gatekeeper.verdict.rule_summary import missed_rule

NAMES = {
    ReasonCode.CONTRADICTORY_LABELS: "contradictory",
    ReasonCode.LABELS_SUSPECT: "labels",
    ReasonCode.OVER_FIT: "over-fit",
    ReasonCode.FITTED_NOT_REACHED: "other data",
    ReasonCode.DIVERGED: "diverged",
    ReasonCode.UNDER_TRAINED: "under-trained",
    ReasonCode.NOTHING_LEARNED: "nothing learned",
    ReasonCode.RANK_DOES_NOT_HELP: "rank no help",
    ReasonCode.LADDER_EXHAUSTED: "full",
    ReasonCode.LACKS_CAPACITY: "capacity",
    ReasonCode.CAUSE_UNKNOWN: "unknown",
    ReasonCode.PIN_MISSING: "unknown",
    ReasonCode.INCONCLUSIVE: "more samples",
    ReasonCode.ALL_RULES_PASS: "promote",
}
"""What a verdict names, most telling reason first."""

RIGHT = {
    Truth.RANK: {"capacity"},
    Truth.FULL: {"capacity"},
    Truth.CONTRADICTORY: {"contradictory"},
    Truth.LABELS: {"labels"},
    Truth.LITTLE_DATA: {"over-fit"},
    Truth.SHIFT: {"other data", "over-fit"},
    Truth.OVER_TRAINED: {"over-fit"},
    Truth.UNDER_TRAINED: {"under-trained"},
    Truth.SLOW: {"under-trained", "nothing learned"},
    Truth.DIVERGED: {"diverged"},
    Truth.AMBIGUOUS: {"rank no help", "labels", "contradictory"},
    Truth.FINE: {"promote"},
}


@dataclass(frozen=True)
class Climb:
    """One lineage from its first check to the last."""

    world: World
    verdicts: tuple[Verdict, ...]
    rungs: tuple[int, ...]

    @property
    def first(self) -> str:
        """What the first check named."""
        return named(self.verdicts[0])

    @property
    def missed(self) -> bool:
        """The first check showed that the task is missed."""
        return missed_rule(self.verdicts[0].rules) is not None

    @property
    def wrong_full(self) -> bool:
        """Full fine-tuning was recommended, and a lack of capacity is not the problem."""
        return self.world.truth is not Truth.FULL and any(
            v.next_step.action is Action.FULL_FINE_TUNING for v in self.verdicts
        )

    @property
    def wrong_rank(self) -> bool:
        """A higher rung was recommended, and rank is not the problem."""
        return self.world.truth not in (Truth.RANK, Truth.FULL) and any(
            v.next_step.action is Action.NEXT_RUNG for v in self.verdicts
        )

    @property
    def steps(self) -> int:
        """Higher rungs that were trained."""
        return len(self.verdicts) - 1


def named(verdict: Verdict) -> str:
    codes = {reason.code for reason in verdict.reasons}
    return next((name for code, name in NAMES.items() if code in codes), "other")


def climb(world: World, rng: np.random.Generator) -> Climb:
    """Follow the gate's advice up the ladder."""
    loaded, rung = policy(), world.start
    history: list[PastCheck] = []
    verdicts, rungs = [], []
    while True:
        evidence, _ = check_of(world, rung, rng)
        verdict = decide(evidence, loaded, tuple(history))
        verdicts.append(verdict)
        rungs.append(rung)
        past = summarise(evidence, verdict)
        if past is not None:
            history.append(past)
        if verdict.next_step.action is not Action.NEXT_RUNG or rung == TOP:
            return Climb(world, tuple(verdicts), tuple(rungs))
        rung += 1


def simulate(lineages: int, seed: int) -> list[Climb]:
    """`lineages` climbs, every cause equally often."""
    rng = np.random.default_rng(seed)
    causes = list(Truth)
    return [climb(make_world(causes[i % len(causes)], rng), rng) for i in range(lineages)]


def share(climbs: list[Climb], what: str) -> float:
    return sum(getattr(c, what) for c in climbs) / len(climbs) if climbs else 0.0


def of(climbs: list[Climb], *causes: Truth) -> list[Climb]:
    return [c for c in climbs if c.world.truth in causes]


def report(climbs: list[Climb]) -> str:
    """Error rates, then the confusion table of the first check with whole evidence."""
    told = [c for c in climbs if c.world.truth is not Truth.FULL]
    lines = [
        f"{len(climbs)} lineages, {sum(len(c.verdicts) for c in climbs)} checks, "
        f"{len(RUNGS)} LoRA rungs",
        "",
        f"wrong full fine-tuning ({len(told)} where it is wrong): {share(told, 'wrong_full'):.2%}",
    ]
    groups = {
        "data": of(climbs, *DATA),
        "ambiguous on both sides": of(climbs, Truth.AMBIGUOUS),
        "training": of(climbs, *TRAINING),
    }
    lines += [
        f"wrong rank escalation, cause {name} ({len(group)}): {share(group, 'wrong_rank'):.2%}"
        for name, group in groups.items()
    ]
    ambiguous = groups["ambiguous on both sides"]
    steps = Counter(c.steps for c in ambiguous)
    lines += [
        "  of these, rungs trained in vain: "
        + ", ".join(f"{n} rungs {steps[n] / max(1, len(ambiguous)):.0%}" for n in sorted(steps)),
        *_found(climbs),
        "",
        *_confusion([c for c in climbs if c.world.hole is None]),
    ]
    return "\n".join(lines)


def _found(climbs: list[Climb]) -> list[str]:
    rank = [c for c in of(climbs, Truth.RANK) if c.world.hole is None]
    short = [c for c in rank if c.world.held_out[c.world.start] < 0.80]
    solved = sum(named(c.verdicts[-1]) in ("promote", "more samples") for c in short)
    full = [c for c in of(climbs, Truth.FULL) if c.world.hole is None and c.world.start == 0]
    reached = sum(named(c.verdicts[-1]) == "full" for c in full)
    return [
        f"rank too low, climbed until nothing is missed: {solved} of {len(short)}",
        f"beyond LoRA, started at the first rung, full fine-tuning named: {reached} of {len(full)}",
    ]


def _confusion(climbs: list[Climb]) -> list[str]:
    columns = list(dict.fromkeys(NAMES.values()))
    used = [name for name in columns if any(c.first == name for c in climbs)]
    rows = [f"{'first check that shows a miss':<30}" + "".join(f"{n[:13]:>14}" for n in used)]
    right = total = 0
    for truth in Truth:
        group = [c for c in of(climbs, truth) if c.missed or truth is Truth.FINE]
        counts = Counter(c.first for c in group)
        rows.append(
            f"{truth:<30}" + "".join(f"{counts[n] / max(1, len(group)):>14.0%}" for n in used)
        )
        if truth is not Truth.AMBIGUOUS:
            right += sum(counts[name] for name in RIGHT[truth])
            total += len(group)
    rows.append(f"right cause at the first check: {right / max(1, total):.1%} of {total}")
    return rows


def main() -> None:
    lineages = int(sys.argv[1]) if len(sys.argv) > 1 else 1200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(report(simulate(lineages, seed)))


if __name__ == "__main__":
    main()
