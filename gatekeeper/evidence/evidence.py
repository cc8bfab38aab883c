"""Evidence: everything measured in one check, with the pins that make it reproducible.

Frozen types only. They mirror `evidence.json` in the registry one to one, so a verdict can be
recomputed from the file alone: the paired scores are in it, in the order they were drawn.
What was *decided* from the evidence lives in the room `verdict`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from gatekeeper.digests import digest_json, short
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.evidence.training_facts import TrainingEvidence, WeightEvidence

__all__ = [
    "BasePin",
    "CandidatePin",
    "Contamination",
    "Cost",
    "DetachProof",
    "EffectProbe",
    "Environment",
    "Evidence",
    "Finding",
    "NeutralText",
    "NoiseFloor",
    "OverlapPair",
    "Pairs",
    "Role",
    "SampleRecord",
    "Sampling",
    "Severity",
    "SuitePin",
]


class Role(StrEnum):
    """What a suite is for."""

    TASK = "task"
    FORGETTING = "forgetting"


class Severity(StrEnum):
    """How serious a finding is: reported, warned about, held for, refused for."""

    INFO = "info"
    WARN = "warn"
    HOLD = "hold"
    REFUSE = "refuse"


class BasePin(Frozen):
    """The frozen model, pinned. `digest` covers weights, config, tokenizer and chat template."""

    name: str
    source: str
    revision: str | None = None
    dtype: str
    quantization: str = "none"
    digest: str
    weights_digest: str
    config_digest: str
    tokenizer_digest: str
    chat_template_digest: str | None = None


class CandidatePin(Frozen):
    """What is being checked. An adapter's digest covers its config and weights, nothing else."""

    kind: Literal["adapter", "checkpoint", "base"]
    name: str
    source: str
    digest: str
    peft_type: str | None = None
    rank: int | None = None
    alpha: float | None = None
    target_modules: tuple[str, ...] = ()
    modules_to_save: tuple[str, ...] = ()
    parameters: int | None = None
    base_hint: str | None = None
    """What `base_model_name_or_path` says: a hint, never an identity."""


class Finding(Frozen):
    """One thing that inspection found. `code` is stable; `text` is one sentence for people."""

    code: str
    severity: Severity
    text: str
    hint: str | None = None
    names: tuple[str, ...] = ()


class EffectProbe(Frozen):
    """Is the adapter on? Logits on fixed prompts, adapter on against off."""

    prompts: int
    max_logit_difference: float
    kl: float
    """Mean KL(base || candidate) over the probed positions, in nats."""
    changed: bool
    finite: bool
    off_identical: bool
    """With the adapter off again, the same bits as before it was on."""


class DetachProof(Frozen):
    """After scoring: adapter off against the base as loaded, before anything was attached."""

    method: Literal["disable", "fresh-load", "not-applicable"]
    identical: bool
    prompts: int
    max_logit_difference: float
    weights_identical: bool | None
    text: str


class SuitePin(Frozen):
    """A suite as it was used. `digest` covers its YAML, its task files and its data."""

    name: str
    role: Role
    digest: str


class Sampling(Frozen):
    """How samples were drawn: enough to draw them again."""

    seed: int
    max_samples: int
    """Maximum samples per suite and arm; with the pool sizes it fixes every stopping boundary."""
    look_every: int
    window: tuple[float, float] = (0.0, 1.0)
    """Part of each capability's draw that may be used, as shares. A choice among candidates and
    the final check of the chosen one use parts that do not overlap."""

    @model_serializer(mode="wrap")
    def _whole_draw_unsaid(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A window over the whole draw is left out, so it changes no digest."""
        said: dict[str, Any] = serialize(self)
        if self.window == (0.0, 1.0):
            said.pop("window")
        return said


class Pairs(Frozen):
    """Base and candidate scores of the same docs, in the order they were drawn.

    `base[i]` and `candidate[i]` are the two scores of doc `sample_ids[i]`, in [0, 1] unless
    `bounded` is false. `chance` is the expected score of guessing, None where it has no meaning.
    """

    suite: str
    role: Role
    capability: str
    metric: str
    chance: float | None
    available: int
    sample_ids: tuple[str, ...]
    base: tuple[float, ...]
    candidate: tuple[float, ...]
    errors: int = 0

    @property
    def flips(self) -> int:
        """Samples that are right in one arm and wrong in the other."""
        scores = zip(self.base, self.candidate, strict=True)
        return sum((before >= 0.5) != (after >= 0.5) for before, after in scores)


class NeutralText(Frozen):
    """Token-level comparison on neutral text: a diagnostic, never a reason to promote."""

    tokens: int
    kl: float
    """Mean KL(base || candidate) per token, in nats."""
    base_perplexity: float
    candidate_perplexity: float


class OverlapPair(Frozen):
    """One training row that overlaps one suite sample."""

    suite: str
    sample_id: str
    row: int
    kind: Literal["exact", "normalised", "ngram", "near-duplicate"]
    similarity: float
    training_text: str
    sample_text: str


class Contamination(Frozen):
    """Overlap of the training data with every suite that was used."""

    rows: int
    samples: int
    overlapping: dict[str, int] = {}
    """Suite name -> number of its samples that overlap."""
    pairs: tuple[OverlapPair, ...] = ()

    @property
    def fraction(self) -> float:
        """Share of suite samples that overlap the training data."""
        return sum(self.overlapping.values()) / self.samples if self.samples else 0.0


class Environment(Frozen):
    """Versions and machine. Two evidences from different environments may differ in last bits."""

    gatekeeper: str
    python: str
    versions: dict[str, str]
    platform: str
    device: str
    threads: int


class Cost(Frozen):
    """What the check cost, and what cache and early stopping saved."""

    seconds: float
    samples_scored: int
    samples_cached: int
    samples_saved: int
    tokens: int


class NoiseFloor(Frozen):
    """Answers that flip by noise alone: what an A/A check of the same base and dtype saw."""

    check: str
    """The A/A check that measured it."""
    samples: int
    flips: int


class SampleRecord(Frozen):
    """One doc as people read it: question, gold, both answers. Kept next to the evidence."""

    suite: str
    capability: str
    task: str
    sample_id: str
    question: str
    gold: str
    base_answer: str
    candidate_answer: str
    base_score: float
    candidate_score: float
    error: str | None = None

    @property
    def flip(self) -> Literal["lost", "gained", "none"]:
        """Right to wrong, wrong to right, or neither (scores are cut at one half)."""
        before, after = self.base_score >= 0.5, self.candidate_score >= 0.5
        if before == after:
            return "none"
        return "lost" if before else "gained"


class Evidence(Frozen):
    """Everything measured in one check; immutable, named by its digest."""

    schema_id: str = "gatekeeper/evidence/v1"
    created: str
    base: BasePin
    candidate: CandidatePin
    suites: tuple[SuitePin, ...]
    sampling: Sampling
    findings: tuple[Finding, ...]
    effect: EffectProbe | None
    detach: DetachProof | None
    pairs: tuple[Pairs, ...]
    neutral_text: NeutralText | None = None
    training: TrainingEvidence = TrainingEvidence()
    contamination: Contamination | None = None
    weights: WeightEvidence | None = None
    environment: Environment
    cost: Cost
    candidates_compared: int = 1
    """How many candidates competed in the same check; the winner's interval allows for it."""
    noise_floor: NoiseFloor | None = None
    """From the newest A/A check in the registry; it decides nothing."""
    scoring_notes: tuple[str, ...] = ()
    """What was unusual during scoring: plain batches, less memory than expected."""

    @model_serializer(mode="wrap")
    def _nothing_unsaid(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Unset fields are left out, so they change no digest."""
        said: dict[str, Any] = serialize(self)
        for name in ("noise_floor", "scoring_notes"):
            if not said[name]:
                said.pop(name)
        return said

    @property
    def digest(self) -> str:
        """Digest of the whole evidence."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def check_id(self) -> str:
        """Name of the check: `c-` and twelve hex digits of the evidence's digest."""
        return "c-" + short(self.digest)
