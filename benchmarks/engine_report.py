"""From timed runs to the printed table: ratios, efficiency, and whether the answers are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine_works import Work

TOLERANCE = 1e-4
"""Largest difference of a float32 log-likelihood that counts as equal."""


@dataclass(frozen=True)
class Row:
    """One work, measured on both sides."""

    work: Work
    docs: int
    runs: dict[str, Any]
    difference: float
    """Largest difference of a log-likelihood; 0 where there is none."""
    other_answers: int
    """Docs (both arms) with another argmax, greedy flag or text than lm-eval's."""

    @classmethod
    def of(cls, work: Work, runs: dict[str, Any]) -> Row:
        """Compare the responses of both sides."""
        difference, other = 0.0, 0
        for arm in ("base", "adapter"):
            ours, theirs = runs["probe"]["responses"][arm], runs[f"lm_eval_{arm}"]["responses"]
            assert len(ours) == len(theirs)
            for mine, their in zip(ours, theirs, strict=True):
                other += not same_answer(mine, their)
                pairs = zip(mine, their, strict=True)
                gaps = [abs(m[0] - t[0]) for m, t in pairs if not isinstance(m, str)]
                difference = max(difference, *gaps, 0.0)
        docs = len(runs["probe"]["responses"]["base"])
        return cls(work, docs, runs, difference, other)

    @property
    def equal(self) -> bool:
        return self.difference <= TOLERANCE and not self.other_answers

    def seconds(self, name: str) -> float:
        return float(self.runs[name]["seconds"])


def same_answer(mine: list[Any], theirs: list[Any]) -> bool:
    if isinstance(mine[0], str):
        return mine == theirs

    def best(responses: list[Any]) -> int:
        return max(range(len(responses)), key=lambda i: responses[i][0])

    return best(mine) == best(theirs) and [m[1] for m in mine] == [t[1] for t in theirs]


def table(rows: Sequence[Row]) -> str:
    """Everything as Markdown."""
    return "\n\n".join([speed(rows), inside(rows), equality(rows)])


def speed(rows: Sequence[Row]) -> str:
    """Wall time of whole commands, and behind it the seconds of all cores together."""
    lines = [
        "| work | docs | ours | seconds | CPU s | lm-eval | seconds | CPU s "
        "| **ratio** | by CPU s | goal |",
        "|" + " --- |" * 11,
    ]
    for row in rows:
        for title, ours, theirs, goal in (
            ("one adapter, cold", "cold", 1, row.work.goal),
            ("one adapter, base known", "known", 1, 2 * row.work.goal),
            ("four adapters, base known", "four", 4, row.work.goal),
        ):
            lines.append(_speed_line(row, title, row.runs[ours], theirs, goal))
    return "\n".join(lines)


def _speed_line(row: Row, title: str, ours: dict[str, Any], adapters: int, goal: float) -> str:
    base, adapter = row.runs["lm_eval_base"], row.runs["lm_eval_adapter"]
    seconds, cpu = (base[unit] + adapters * adapter[unit] for unit in ("seconds", "cpu"))
    runs = "base + adapter" if adapters == 1 else f"base + {adapters} x adapter"
    return (
        f"| {row.work.title} | {row.docs} | {title} | {ours['seconds']:.1f} | {ours['cpu']:.0f} "
        f"| {runs} | {seconds:.0f} | {cpu:.0f} | **{seconds / ours['seconds']:.1f}x** "
        f"| {cpu / ours['cpu']:.1f}x | {goal:.0f}x |"
    )


def inside(rows: Sequence[Row]) -> str:
    lines = [
        "| work | tokens encoded | each request alone | less by | padding | GFLOP/s of forwards "
        "| GEMM peak | share | first forward after | peak memory ours | lm-eval |",
        "|" + " --- |" * 11,
    ]
    for row in rows:
        probe = row.runs["probe"]
        work = probe["work"]
        rate = probe["operations"] / probe["forwards"]
        computed = work["encoded"] + work["padding"]
        lines.append(
            f"| {row.work.title} | {work['encoded']:,} | {work['naive']:,} "
            f"| {work['naive'] / work['encoded']:.1f}x | {work['padding'] / computed:.0%} "
            f"| {rate / 1e9:.0f} | {probe['peak'] / 1e9:.0f} | **{rate / probe['peak']:.0%}** "
            f"| {probe['first_forward']:.1f} s | {row.runs['cold']['memory']:,.0f} MiB "
            f"| {row.runs['lm_eval_adapter']['memory']:,.0f} MiB |"
        )
    return "\n".join(lines)


def equality(rows: Sequence[Row]) -> str:
    lines = [
        "| work | largest difference of a log-likelihood | docs with another answer |",
        "|" + " --- |" * 3,
    ]
    for row in rows:
        shown = "texts only" if row.work.name == "words" else f"{row.difference:.1e}"
        lines.append(f"| {row.work.title} | {shown} | {row.other_answers} of {2 * row.docs} |")
    return "\n".join(lines)
