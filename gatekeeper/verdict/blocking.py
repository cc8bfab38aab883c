"""Which reason codes refuse, which block, and which say that something was lost."""

from __future__ import annotations

from gatekeeper.verdict.verdict import Reason, ReasonCode

__all__ = ["HARMLESS", "LOST", "REFUSING", "blocks"]

REFUSING = frozenset({ReasonCode.ADAPTER_REFUSED, ReasonCode.WRONG_BASE, ReasonCode.CONTAMINATED})
"""Nothing measured with these can be trusted: exit code 30."""

LOST = frozenset({ReasonCode.FORGOT, ReasonCode.TOO_MANY_FLIPS, ReasonCode.DRIFTED})
"""Something that the base could do was lost."""

HARMLESS = frozenset(
    {ReasonCode.ALL_RULES_PASS, ReasonCode.LOWER_RUNG_SUFFICES, ReasonCode.REPORT_ONLY}
)
"""The only codes that a promote verdict may contain. NO_SIGNAL joins them under
`on_no_signal: report`, and then only for single capabilities."""


def blocks(reason: Reason) -> bool:
    """Does this reason alone keep the candidate from being promoted?"""
    if reason.code is ReasonCode.NO_SIGNAL:
        return bool(reason.params.get("blocking", True))
    return reason.code not in HARMLESS
