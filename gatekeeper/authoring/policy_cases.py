"""Unit tests for policies: declared outcomes in, the expected verdict out.

A case says how many samples were right, lost and gained; it is decided by the same code as a real
check.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gatekeeper.authoring.declared_case import PolicyCase, PolicyCases
from gatekeeper.authoring.declared_check import evidence_of, past_of
from gatekeeper.decision.decide import decide
from gatekeeper.errors import PolicyError
from gatekeeper.files.yaml_document import read_yaml, validation_message
from gatekeeper.policy import LoadedPolicy, load_policy
from gatekeeper.verdict import Verdict

__all__ = ["CaseResult", "run_cases"]


@dataclass(frozen=True)
class CaseResult:
    """A case and its result."""

    case: PolicyCase
    verdict: Verdict
    line: int | None

    @property
    def passed(self) -> bool:
        """Expected verdict, and the expected reason if one was named."""
        codes = {reason.code.value for reason in self.verdict.reasons}
        return self.verdict.decision.value == self.case.expect and (
            self.case.reason is None or self.case.reason in codes
        )


def run_cases(path: Path, policy: LoadedPolicy | None = None) -> list[CaseResult]:
    """Run every case of a file, under its own policy or the one given.

    Raises PolicyError with file and line when the file is wrong.
    """
    document = read_yaml(path, PolicyError)
    try:
        cases = PolicyCases.model_validate(document.data)
    except ValidationError as problem:
        raise PolicyError(*validation_message(problem, document, PolicyCases)) from problem
    loaded = policy or load_policy(cases.policy, relative_to=path.parent)
    return [
        CaseResult(
            case,
            decide(evidence_of(case, loaded), loaded, past_of(case, loaded)),
            document.line(("cases", index)),
        )
        for index, case in enumerate(cases.cases)
    ]
