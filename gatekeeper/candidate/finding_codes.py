"""Codes for everything that inspection can find. Stable: policies and scripts may name them."""

from __future__ import annotations

from enum import StrEnum

from gatekeeper.evidence import Finding, Severity

__all__ = ["FindingCode", "held", "refused", "told", "warned"]


class FindingCode(StrEnum):
    """What was found. The severity is on the finding, since it can depend on the case."""

    UNSAFE_FILE = "unsafe-file"
    """A link out of the folder, or something that is not a regular file."""
    PICKLE_ONLY = "pickle-only"
    """Weights only as a pickle, which could run code; never opened."""
    CONFIG_UNREADABLE = "config-unreadable"
    WEIGHTS_UNREADABLE = "weights-unreadable"
    """Missing, truncated or malformed safetensors, or an absurd header."""
    REMOTE_CODE = "remote-code"
    """The config names code to import."""
    UNSUPPORTED_PEFT_TYPE = "unsupported-peft-type"
    UNSUPPORTED_TASK_TYPE = "unsupported-task-type"
    UNSUPPORTED_FEATURE = "unsupported-feature"
    """A LoRA variant whose output depends on more than this adapter and this base."""
    UNKNOWN_CONFIG_FIELD = "unknown-config-field"
    BAD_CONFIG_VALUE = "bad-config-value"
    UNSAFE_PATTERN = "unsafe-pattern"
    """A module pattern that could take exponential time to match."""
    NOT_FINITE = "not-finite"
    MISSING_TENSORS = "missing-tensors"
    UNEXPECTED_TENSORS = "unexpected-tensors"
    NO_MODULE_MATCHES = "no-module-matches"
    RANK_MISMATCH = "rank-mismatch"
    """`r` of the config and the shapes of the tensors disagree."""
    SHAPE_MISMATCH = "shape-mismatch"
    """The tensors do not fit the base's modules."""
    UNSUPPORTED_DTYPE = "unsupported-dtype"
    NO_EFFECT = "no-effect"
    NOT_DETACHABLE = "not-detachable"
    BASE_MUTATING_INIT = "base-mutating-init"
    WRITES_BASE = "writes-base"
    """The file carries weights of the base itself, and they differ from the base."""
    WRONG_BASE = "wrong-base"
    BASE_NOT_PINNED = "base-not-pinned"
    BASE_NOT_COMPARED = "base-not-compared"
    """Static inspection without the base: what it could not determine."""
    NAMES_NOT_DERIVED = "names-not-derived"
    """The base stores fused or renamed modules; names are proven when the adapter is attached."""
    VOCABULARY_DIFFERS = "vocabulary-differs"
    TOKENIZER_DIFFERS = "tokenizer-differs"
    CHAT_TEMPLATE_DIFFERS = "chat-template-differs"
    SPECIAL_TOKENS_DIFFER = "special-tokens-differ"
    ARCHITECTURE_DIFFERS = "architecture-differs"
    MODULES_TO_SAVE = "modules-to-save"
    TRAINED_BIAS = "trained-bias"
    VARIANT = "variant"
    """DoRA, trainable tokens, ...: fine, and proven per adapter."""
    EXTREME_SCALE = "extreme-scale"
    CANNOT_ATTACH = "cannot-attach"
    """PEFT cannot load it completely, or loading it writes into the base."""
    NOT_DETACHABLE_BY_DESIGN = "checkpoint-not-detachable"
    """A full checkpoint has nothing to detach: rollback is the channel's move."""


def told(
    code: FindingCode, text: str, names: tuple[str, ...] = (), hint: str | None = None
) -> Finding:
    """Something worth knowing."""
    return Finding(code=code.value, severity=Severity.INFO, text=text, hint=hint, names=names)


def warned(
    code: FindingCode, text: str, names: tuple[str, ...] = (), hint: str | None = None
) -> Finding:
    """Something that may surprise."""
    return Finding(code=code.value, severity=Severity.WARN, text=text, hint=hint, names=names)


def held(
    code: FindingCode, text: str, names: tuple[str, ...] = (), hint: str | None = None
) -> Finding:
    """Something that keeps the candidate from being promoted until it is fixed."""
    return Finding(code=code.value, severity=Severity.HOLD, text=text, hint=hint, names=names)


def refused(
    code: FindingCode, text: str, names: tuple[str, ...] = (), hint: str | None = None
) -> Finding:
    """Something that makes every measurement of the candidate worthless or unsafe."""
    return Finding(code=code.value, severity=Severity.REFUSE, text=text, hint=hint, names=names)
