"""The policy: a YAML file that turns evidence into a verdict. Data, never code.

This module is its schema and its loader. What the rules mean is in `compare.py` (outcomes) and
`decision.py` (verdict); the sentences of `gate policy explain` are in `policy_text.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gatekeeper.digests import digest_json
from gatekeeper.errors import PolicyError
from gatekeeper.files.shipped import shipped
from gatekeeper.files.yaml_document import YamlDocument, read_yaml, validation_message
from gatekeeper.phrases import guess
from gatekeeper.policy.extends import Places, extend, own_location
from gatekeeper.verdict import Rung

__all__ = [
    "BUILTIN_FOLDER",
    "Budget",
    "ForgettingRule",
    "LoadedPolicy",
    "Policy",
    "TaskRule",
    "builtin_policies",
    "load_policy",
    "policy_from_text",
    "policy_schema",
]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Margin = Annotated[float, Field(gt=0.0, le=1.0)]
Pin = Literal["base_digest", "dataset_digest", "seed", "revision", "run_manifest"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskRule(_Section):
    """Did it learn? One task suite, the bar it must reach and the gain it must show."""

    suite: str
    bar: Share | None = Field(None, description="The candidate's score must be shown to reach it.")
    min_gain: Share | None = Field(None, description="And to beat the base by this much.")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.bar is None and self.min_gain is None:
            raise ValueError("a task rule needs a bar, a min_gain, or both")
        return self


class ForgettingRule(_Section):
    """What did it lose? Tolerated loss per capability of one forgetting suite."""

    suite: str
    margin: Margin = Field(description="Loss that is tolerated in each capability.")
    margins: dict[str, Margin] = Field({}, description="Other margins, by capability.")
    skip: tuple[str, ...] = Field((), description="Capabilities that are not asked about.")
    max_lost: Share | None = Field(
        None, description="Most samples of a capability that may flip from right to wrong."
    )
    on_no_signal: Literal["report", "hold"] = Field(
        "report", description="What to do when the base itself is no better than chance."
    )

    def margin_of(self, capability: str) -> float:
        """Tolerated loss of one capability."""
        return self.margins.get(capability, self.margin)


class ContaminationRule(_Section):
    """Overlap between the training data and the suites."""

    max_overlap: Share = Field(0.0, description="More than this share of samples is refused.")
    require: bool = Field(
        True, description="Hold when the training data is not at hand to be compared."
    )


class DataRule(_Section):
    """Faults of the training data that no training shape repairs."""

    max_contradictions: Share = Field(
        0.02, description="More than this share of contradictory rows is a data fault."
    )


class Budget(_Section):
    """How many samples, in which steps."""

    max_samples: int = Field(2000, ge=20, description="Most samples per suite and arm.")
    look_every: int = Field(25, ge=5, description="Samples per capability between two looks.")
    on_fail: Literal["complete", "stop"] = Field(
        "complete", description="Stop at the first certain failure, or finish the picture."
    )
    seed: int = Field(0, ge=0, description="Seed of the draw.")


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
            raise ValueError("ranks must not fall from one rung to the next")
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
        0.05, description="Probability of promoting an adapter that is exactly at a limit."
    )
    task: tuple[TaskRule, ...] = ()
    forgetting: tuple[ForgettingRule, ...] = ()
    max_kl: Annotated[float, Field(gt=0.0)] | None = Field(
        None, description="Most KL(base || candidate) per token on neutral text, in nats."
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
    def digest(self) -> str:
        """Digest of what the policy says, comments and layout aside."""
        return digest_json(self.model_dump(mode="json"))


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy, where it came from, and the line of each of its keys."""

    policy: Policy
    source: str
    document: YamlDocument | None = field(default=None, compare=False)
    places: Places = field(default_factory=dict, compare=False)

    def line(self, *location: str | int) -> int | None:
        """Line of a key in the user's own file; None for inherited and built-in values."""
        own = own_location(location, self.places)
        if self.document is None or own is None:
            return None
        return self.document.exact_line(own)

    @property
    def text(self) -> str:
        """The resolved policy as YAML: what the registry keeps."""
        import yaml

        return yaml.safe_dump(self.policy.model_dump(mode="json"), sort_keys=False)


BUILTIN_FOLDER = shipped("policies")


def builtin_policies() -> list[str]:
    """Names of the built-in policies."""
    return sorted(path.stem for path in BUILTIN_FOLDER.glob("*.yaml"))


def load_policy(ref: str, relative_to: Path | None = None) -> LoadedPolicy:
    """Load a policy by path, or a built-in one by name (`strict` or `builtin:strict`).

    Raises PolicyError, with file and line where there is one.
    """
    return _load(_locate(ref, relative_to or Path.cwd()), ())


def policy_from_text(text: str, source: str = "recorded policy") -> LoadedPolicy:
    """Parse a policy that the registry kept."""
    document = read_yaml(Path(source), PolicyError, text=text)
    return LoadedPolicy(_validate(document.data, document), source, document)


def policy_schema() -> dict[str, Any]:
    """JSON Schema of a policy file, `extends` included and one-or-many allowed."""
    schema = Policy.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "gatekeeper policy"
    properties = schema["properties"]
    properties["extends"] = {
        "type": "string",
        "description": "A built-in policy (builtin:default) or a file that this one changes.",
    }
    for key in ("task", "forgetting"):
        many = properties[key]
        properties[key] = {"anyOf": [many["items"], many]}
    schema["required"] = ["name"]
    return schema


def _locate(ref: str, folder: Path) -> Path:
    name = ref.removeprefix("builtin:")
    builtin = BUILTIN_FOLDER / f"{name}.yaml"
    if ref.startswith("builtin:") or ("/" not in ref and not ref.endswith((".yaml", ".yml"))):
        if builtin.is_file() and name.replace("-", "").isalnum():
            return builtin
        known = builtin_policies()
        raise PolicyError(
            f"No built-in policy is called {name!r}.",
            f"{guess(name, known)}Built in: {', '.join(known)}. Or give a path.",
        )
    return folder / ref


def _load(path: Path, chain: tuple[Path, ...]) -> LoadedPolicy:
    resolved = path.resolve()
    if resolved in chain:
        raise PolicyError(f"{path}: extends itself.", "Break the circle of extends.")
    document = read_yaml(path, PolicyError)
    data = dict(document.data)
    places: Places = {}
    parent_ref = data.pop("extends", None)
    if parent_ref is not None:
        if not isinstance(parent_ref, str):
            raise PolicyError(f"{path}: extends: must be a name or a path.", "Correct it.")
        parent = _load(_locate(parent_ref, path.parent), (*chain, resolved))
        data, places = extend(parent.policy.model_dump(mode="json"), data)
    return LoadedPolicy(_validate(data, document, places), str(path), document, places)


def _validate(data: Any, document: YamlDocument, places: Places | None = None) -> Policy:
    try:
        return Policy.model_validate(data)
    except ValidationError as problem:

        def own(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
            return own_location(location, places or {}) or location

        raise PolicyError(*validation_message(problem, document, Policy, own)) from problem
