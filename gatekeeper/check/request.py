"""What a check is asked: which candidates, which base, which policy and suites, which draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.errors import PolicyError
from gatekeeper.evidence import BasePin, CandidatePin, NoiseFloor, Role, Sampling, TrainingEvidence
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.suite import Suite, load_suite
from gatekeeper.verdict import PastCheck

if TYPE_CHECKING:
    from gatekeeper.policy import LoadedPolicy

__all__ = ["Request", "suites_of"]


@dataclass(frozen=True)
class Request:
    """What to check, against what, under which policy. Everything here is pinned by the check."""

    candidates: tuple[Path, ...]
    base_folder: ModelFolder
    base: BasePin
    policy: LoadedPolicy
    suites: tuple[Suite, ...]
    sampling: Sampling
    history: Callable[[CandidatePin, TrainingEvidence], tuple[PastCheck, ...]]
    """Earlier checks of the same lineage."""
    noise_floor: NoiseFloor | None = None
    """What an earlier A/A check measured."""
    against_itself: bool = False
    """A/A: score the base against itself instead of candidates."""

    @property
    def competing(self) -> int:
        """How many candidates the best one is picked from."""
        return len(self.candidates) or 1


def suites_of(policy: LoadedPolicy, search: Sequence[Path]) -> tuple[Suite, ...]:
    """Load every suite that the policy names, task suites first.

    Raises SuiteError when one is missing, PolicyError when it is used in the wrong role.
    """
    suites = []
    for name, role in policy.policy.roles.items():
        suite = load_suite(name, search)
        if suite.role is not role:
            raise PolicyError(
                f"{policy.source}: suite {name} is a {suite.role.value} suite, used here as a "
                f"{role.value} suite.",
                f"List it under {suite.role.value}.",
            )
        suites.append(suite)
    return tuple(sorted(suites, key=lambda suite: suite.role is not Role.TASK))
