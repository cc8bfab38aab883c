"""The schema of a policy: data, never code.

What the rules mean is defined in the room `decision`: `outcomes.py` and `decide.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gatekeeper.digests import digest_json
from gatekeeper.evidence import Role
from gatekeeper.verdict import Rung

__all__ = ["Budget", "ForgettingRule", "Policy", "TaskRule"]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Margin = Annotated[float, Field(gt=0.0, le=1.0)]
Pin = Literal["base_digest", "dataset_digest", "seed", "revision", "run_manifest"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskRule(_Section):
    """Did it learn? One task suite, the bar it must reach and the gain it must show."""

    suite: str
    bar: Share | None = Field(None, description="Score that the candidate must be shown to reach.")
    min_gain: Share | None = Field(
        None, description="By how much the candidate must be shown to beat the base."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.bar is None and self.min_gain is None:
            raise ValueError("a task rule needs a bar, a min_gain, or both")
        return self


class ForgettingRule(_Section):
    """What did it lose? Tolerated loss per capability of one forgetting suite."""

    suite: str
    margin: Margin = Field(description="Loss that is tolerated in each capability.")
    margins: dict[str, Margin] = Field({}, description="Different margins, by capability.")
    skip: tuple[str, ...] = Field((), description="Capabilities to leave out.")
    max_lost: Share | None = Field(
        None,
        description="Largest share of a capability's samples that may flip from right to wrong.",
    )
    on_no_signal: Literal["report", "hold"] = Field(
        "report", description="What to do when the base itself does no better than chance."
    )

    def margin_of(self, capability: str) -> float:
        """Tolerated loss of one capability."""
        return self.margins.get(capability, self.margin)


class ContaminationRule(_Section):
    """Overlap between the training data and the suites."""

    max_overlap: Share = Field(
        0.0, description="Refuse when more than this share of samples is in the training data."
    )
    require: bool = Field(
        True, description="Hold when the training data is not available for comparison."
    )


class DataRule(_Section):
    """Faults in the training data that no training shape can fix."""

    max_contradictions: Share = Field(
        0.02, description="A larger share of contradictory rows than this is a fault in the data."
    )


class Budget(_Section):
    """How many samples, and in which steps."""

    max_samples: int = Field(
        2000, ge=20, description="Maximum number of samples per suite and arm (base or candidate)."
    )
    look_every: int = Field(25, ge=5, description="Samples per capability between two looks.")
    on_fail: Literal["complete", "stop"] = Field(
        "complete", description="Stop at the first certain failure, or score everything."
    )
    seed: int = Field(0, ge=0, description="Seed for drawing the samples.")


class LadderRung(_Section):
    """One training shape of the ladder."""

    r: int = Field(ge=1)
    targets: tuple[str, ...] | Literal["all-linear"]

    @property
    def rung(self) -> Rung:
        """As a value of the vocabulary."""
        return Rung(r=self.r, targets=self.targets)


class Escalation(_Section):
    """The ladder, lowest rung first; `full` may only be last."""

    ladder: tuple[LadderRung | Literal["full"], ...] = (
        LadderRung(r=8, targets=("q_proj", "v_proj")),
        LadderRung(r=16, targets=("q_proj", "k_proj", "v_proj", "o_proj")),
        LadderRung(r=64, targets="all-linear"),
        "full",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if "full" in self.ladder[:-1]:
            raise ValueError("full can only be the last rung")
        ranks = [rung.r for rung in self.ladder if isinstance(rung, LadderRung)]
        if ranks != sorted(ranks):
            raise ValueError("ranks must not decrease from one rung to the next")
        return self

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder as values of the vocabulary."""
        return tuple(
            Rung(method="full") if isinstance(rung, str) else rung.rung for rung in self.ladder
        )


class Policy(_Section):
    """A whole policy, `extends` resolved."""

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    mode: Literal["enforce", "report-only"] = Field(
        "enforce", description="report-only never promotes and never blocks."
    )
    alpha: Annotated[float, Field(gt=0.0, le=0.2)] = Field(
        0.05,
        description="Probability of promoting an adapter that is exactly at a limit "
        "(significance level).",
    )
    task: tuple[TaskRule, ...] = ()
    forgetting: tuple[ForgettingRule, ...] = ()
    max_kl: Annotated[float, Field(gt=0.0)] | None = Field(
        None, description="Maximum KL(base || candidate) per token on neutral text, in nats."
    )
    pins: tuple[Pin, ...] = Field((), description="A missing pin is a hold.")
    contamination: ContaminationRule = ContaminationRule()
    data: DataRule = DataRule()
    escalation: Escalation = Escalation()
    budget: Budget = Budget()

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """`task:` and `forgetting:` take one rule or a list of them."""
        if isinstance(value, dict):
            value = dict(value)
            for key in ("task", "forgetting"):
                if isinstance(value.get(key), dict):
                    value[key] = [value[key]]
        return value

    @model_validator(mode="after")
    def _suites_once(self) -> Self:
        names = [rule.suite for rule in self.task] + [rule.suite for rule in self.forgetting]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"suite {twice[0]} is named twice")
        return self

    @property
    def roles(self) -> dict[str, Role]:
        """Suites that the policy names, with their role."""
        return {rule.suite: Role.TASK for rule in self.task} | {
            rule.suite: Role.FORGETTING for rule in self.forgetting
        }

    @property
    def digest(self) -> str:
        """Digest of what the policy says, ignoring comments and layout."""
        return digest_json(self.model_dump(mode="json"))
