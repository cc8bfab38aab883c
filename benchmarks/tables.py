"""Results as Markdown tables, each with what it must show and whether it does."""

from __future__ import annotations

from collections.abc import Sequence

from cells import ALPHA, METHODS, BarRow, GradedRow, PolicyRow
from simulation import Characteristics, Outcome, largest_by_luck

Rows = Sequence[Sequence[object]]


def table(head: Sequence[str], rows: Rows) -> str:
    """A Markdown table; the first column is text, the others numbers."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if 0 < value < 1 else f"{value:.0f}"


def cells_table(rows: Sequence[Characteristics]) -> str:
    head = [
        "N", "margin", "flips", "limit: pass", "limit: fail", "limit: Tango",
        "no loss: pass", "no loss: Tango", "difference", "mean samples",
    ]  # fmt: skip
    return table(
        head,
        [
            [
                row.cell.horizon, share(row.cell.margin), share(row.cell.flips),
                share(row.at_limit.passed), share(row.at_limit.failed),
                share(row.fixed_at_limit), share(row.unchanged.passed),
                share(row.fixed_unchanged),
                f"{100 * (row.unchanged.passed - row.fixed_unchanged):+.1f}",
                f"{row.unchanged.mean_samples:.0f}",
            ]
            for row in rows
        ],
    )  # fmt: skip


def speed_table(rows: dict[str, dict[str, Outcome]]) -> str:
    """P(pass) / P(fail) / median samples."""

    def told(outcome: Outcome) -> str:
        return f"{share(outcome.passed)} / {share(outcome.failed)} / {outcome.median_samples:.0f}"

    return table(
        ["situation", *METHODS],
        [[name, *(told(found[method]) for method in METHODS)] for name, found in rows.items()],
    )


def bars_table(rows: Sequence[BarRow]) -> str:
    head = [
        "bar", "N", "at the bar: pass", "at the bar: fail", "better score", "pass",
        "exact, fixed N", "mean samples",
    ]  # fmt: skip
    return table(
        head,
        [
            [
                f"{row.bar:.2f}", row.horizon, share(row.at_bar.passed), share(row.at_bar.failed),
                f"{row.score:.3f}", share(row.better.passed), share(row.exact),
                f"{row.better.mean_samples:.0f}",
            ]
            for row in rows
        ],
    )  # fmt: skip


def graded_table(rows: Sequence[GradedRow]) -> str:
    head = ["scores", "N", "margin", "limit: pass", "limit: fail", "no loss: pass", "mean samples"]
    return table(
        head,
        [
            [
                row.kind.name, row.horizon, share(row.margin), share(row.at_limit.passed),
                share(row.at_limit.failed), share(row.unchanged.passed),
                f"{row.unchanged.mean_samples:.0f}",
            ]
            for row in rows
        ],
    )  # fmt: skip


def policy_table(rows: Sequence[PolicyRow]) -> str:
    head = ["candidate", "budget per suite", "checks", "promoted"]
    return table(
        head,
        [[row.name, row.max_samples or "enough", row.checks, share(row.promoted)] for row in rows],
    )


def findings(
    cells: Sequence[Characteristics],
    speed: dict[str, dict[str, Outcome]],
    bars: Sequence[BarRow],
    graded: Sequence[GradedRow],
    policies: Sequence[PolicyRow],
    checks: int,
) -> list[tuple[str, bool]]:
    """What the procedure must show, in a sentence with its figure, and whether it shows it."""
    most = largest_by_luck(ALPHA, checks)
    passed = max(row.at_limit.passed for row in cells)
    failed = max(row.at_limit.failed for row in cells)
    worst = max(cells, key=lambda row: row.fixed_unchanged - row.unchanged.passed)
    loss = 100 * (worst.fixed_unchanged - worst.unchanged.passed)
    single = [*(r.at_bar for r in bars), *(r.at_limit for r in graded)]
    other = max(max(o.passed, o.failed) for o in single)
    lost = speed["lost 15 points"]["shipped"].median_samples
    wide = speed["lost 15 points, 20% flips"]["shipped"].median_samples
    same = speed["unchanged"]["shipped"].median_samples
    bad = [row for row in policies if not row.name.startswith("sound")]
    through = max(bad, key=lambda row: row.promoted)
    return [
        (f"P(pass) at the limit: at most {passed:.3f} in {len(cells)} cells "
         f"(allowed {ALPHA} plus sampling error: {most:.3f})", passed <= most),
        (f"P(fail) at the limit: at most {failed:.3f} (allowed {most:.3f})", failed <= most),
        (f"bars and graded scores at their limit: at most {other:.3f}", other <= most),
        (f"P(pass) without loss: at most {loss:.1f} points below Tango's fixed-N test "
         f"(N {worst.cell.horizon}, margin {worst.cell.margin}, flips {worst.cell.flips})",
         loss <= 3.0),
        (f"lost 15 points: failed after a median of {lost:.0f} of 2,000 samples, "
         f"{wide:.0f} with 20% flips (wanted: 120)", max(lost, wide) <= 120),
        (f"unchanged adapter: passed after a median of {same:.0f} of 2,000 (wanted: 250)",
         same <= 250),
        (f"whole policy: a bad adapter is promoted in at most {through.promoted:.3f} of "
         f"{through.checks} checks",
         all(row.promoted <= largest_by_luck(ALPHA, row.checks) for row in bad)),
    ]  # fmt: skip
