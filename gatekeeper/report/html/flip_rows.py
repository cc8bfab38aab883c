"""Flips and overlapping pairs as the page shows them: cut to a budget of bytes.

A report stays easy to send, whatever a model wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from gatekeeper.evidence import Contamination, OverlapPair, SampleRecord
from gatekeeper.report.visible_text import clip, visible

__all__ = ["BUDGET", "MOST_FLIPS", "FlipRow", "flip_rows", "overlap_rows"]

MOST_FLIPS, MOST_PAIRS = 500, 40
BUDGET = 150_000
"""Bytes of escaped text for all flips of one page."""
_LIMITS = (1200, 800, 500, 320, 200, 120, 70, 40)


@dataclass(frozen=True, slots=True)
class FlipRow:
    """One flip, cut and made visible; the texts are already escaped."""

    kind: str
    capability: str
    sample_id: str
    question: Markup
    base: Markup
    candidate: Markup
    gold: Markup


def flip_rows(samples: Sequence[SampleRecord]) -> list[FlipRow]:
    """Lost flips first, at most MOST_FLIPS, with texts as long as the budget allows."""
    flips = [sample for sample in samples if sample.flip != "none"]
    flips.sort(key=lambda sample: (sample.flip != "lost", sample.capability, sample.sample_id))
    shown = flips[:MOST_FLIPS]
    for limit in _LIMITS:
        if limit != _LIMITS[-1] and sum(_least(sample, limit) for sample in shown) > BUDGET:
            continue
        rows = [_row(sample, limit) for sample in shown]
        if limit == _LIMITS[-1] or sum(map(_size, rows)) <= BUDGET:
            return rows
    return []


def _row(sample: SampleRecord, limit: int) -> FlipRow:
    def text(value: str, most: int) -> Markup:
        # Cut before and after: invisible characters take more room when they are spelled out.
        return escape(clip(visible(clip(value.strip(), 2 * most)), most))

    return FlipRow(
        kind=sample.flip,
        capability=clip(visible(sample.capability), 60),
        sample_id=clip(visible(sample.sample_id), 60),
        question=text(sample.question, limit),
        base=text(sample.base_answer, limit // 2),
        candidate=text(sample.candidate_answer, limit // 2),
        gold=text(sample.gold, limit // 3),
    )


def _least(sample: SampleRecord, limit: int) -> int:
    """Fewest bytes that the texts of a flip can take at this limit: cheap to compute in advance."""
    answers = (sample.base_answer, sample.candidate_answer)
    told = sum(min(len(answer), limit // 2) for answer in answers)
    return told + min(len(sample.question), limit) + min(len(sample.gold), limit // 3)


def _size(row: FlipRow) -> int:
    return len(f"{row.question}{row.base}{row.candidate}{row.gold}".encode())


def overlap_rows(found: Contamination | None) -> list[OverlapPair]:
    """The first pairs, with texts that fit a table; the template escapes them."""
    return [
        pair.model_copy(
            update={
                "suite": clip(visible(pair.suite), 60),
                "sample_id": clip(visible(pair.sample_id), 60),
                "training_text": _cell(pair.training_text),
                "sample_text": _cell(pair.sample_text),
            }
        )
        for pair in (found.pairs[:MOST_PAIRS] if found else ())
    ]


def _cell(text: str) -> str:
    return clip(visible(clip(text.strip(), 600)), 300)
