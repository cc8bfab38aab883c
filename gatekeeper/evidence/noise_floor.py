"""The noise floor: answers that flip although nothing was trained, seen by an A/A check. Pure.

Packing the same tokens differently moves log-probabilities in the last digits (1e-5 in float32,
0.04 in bfloat16), and near-ties then flip. A candidate with this many flips has shown nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatekeeper.evidence.evidence import BasePin, Environment, Evidence, NoiseFloor

__all__ = ["flips_of", "newest_floor"]


def flips_of(evidence: Evidence) -> tuple[int, int]:
    """Answers that differ between the two arms, and the total number of samples."""
    pairs = evidence.pairs
    return sum(p.flips for p in pairs), sum(len(p.base) for p in pairs)


def newest_floor(
    evidences: Iterable[Evidence], base: BasePin, environment: Environment
) -> NoiseFloor | None:
    """The newest A/A check that ran this base in the same way on the same kind of device.

    None when there is none: noise of another dtype or device says nothing.
    """
    for evidence in evidences:
        same = (
            (evidence.base.digest, evidence.base.dtype, evidence.base.quantization)
            == (base.digest, base.dtype, base.quantization)
        ) and evidence.environment.device == environment.device
        if evidence.candidate.kind == "base" and same:
            flips, samples = flips_of(evidence)
            return NoiseFloor(check=evidence.check_id, samples=samples, flips=flips)
    return None
