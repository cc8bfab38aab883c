"""Tokenizer files as meaning, not bytes: vocabulary, special tokens, chat template.

Saving a tokenizer twice rarely gives the same bytes (trainers write padding, paths and versions
into it), so two tokenizers are compared by what determines the tokens of a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_bytes, digest_json
from gatekeeper.files.untrusted import parse_json, read_small

__all__ = ["TOKENIZER_FILES", "TokenizerFiles", "read_tokenizer"]

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
    "chat_template.json",
)

_PASSING = ("truncation", "padding")
"""Parts of tokenizer.json that a trainer sets for its batches; they change no tokens."""

SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token")

_MEANING = (
    "add_bos_token",
    "add_eos_token",
    "add_prefix_space",
    "clean_up_tokenization_spaces",
    "do_lower_case",
    "legacy",
)
"""Fields of tokenizer_config.json that change the tokens of a text."""


@dataclass(frozen=True)
class TokenizerFiles:
    """What determines tokens, digested part by part. A missing part is None."""

    vocabulary: str | None
    """Digest of the map from pieces to ids, added tokens included."""
    rules: str | None
    """Digest of merges, normaliser, pre-tokenizer, post-processor and settings."""
    special: Mapping[str, str | None]
    """bos_token, eos_token, ... as text."""
    chat_template: str | None
    """Digest of the template's text."""

    @property
    def digest(self) -> str:
        """Digest of everything but the chat template, which is pinned separately."""
        return digest_json([self.vocabulary, self.rules, dict(self.special)])

    @property
    def present(self) -> bool:
        """Whether there is a vocabulary at all."""
        return self.vocabulary is not None


def read_tokenizer(folder: Path) -> TokenizerFiles:
    """Read the tokenizer files of a folder.

    Raises ValueError (UnsafeFileError among them) when one is unsafe or malformed.
    """
    config = _json(folder, "tokenizer_config.json") or {}
    vocabulary, rules = _fast(folder)
    if vocabulary is None:
        vocabulary, rules = _slow(folder)
    settings = {key: config[key] for key in _MEANING if config.get(key) is not None}
    return TokenizerFiles(
        vocabulary=vocabulary,
        rules=digest_json([rules, settings]) if vocabulary else None,
        special=_special(config, _json(folder, "special_tokens_map.json") or {}),
        chat_template=_template(folder, config),
    )


def _fast(folder: Path) -> tuple[str | None, Any]:
    content = _json(folder, "tokenizer.json")
    if content is None:
        return None, None
    model = dict(content.get("model") or {})
    vocabulary = digest_json([model.pop("vocab", None), content.get("added_tokens")])
    rest = {key: value for key, value in content.items() if key not in (*_PASSING, "added_tokens")}
    rest["model"] = model
    # tokenizers has written merges both as "a b" and as ["a", "b"].
    if isinstance(merges := model.get("merges"), list):
        model["merges"] = [m if isinstance(m, str) else " ".join(m) for m in merges]
    return vocabulary, digest_json(rest)


def _slow(folder: Path) -> tuple[str | None, Any]:
    found = {
        name: digest_bytes(data)
        for name in ("vocab.json", "merges.txt", "tokenizer.model", "added_tokens.json")
        if (data := read_small(folder, name)) is not None
    }
    pieces = {name: digest for name, digest in found.items() if name != "merges.txt"}
    return (digest_json(pieces), found.get("merges.txt")) if pieces else (None, None)


def _special(config: Mapping[str, Any], fallback: Mapping[str, Any]) -> dict[str, str | None]:
    special = {}
    for key in SPECIAL:
        value = config.get(key, fallback.get(key))
        special[key] = value.get("content") if isinstance(value, dict) else value
    return special


def _template(folder: Path, config: Mapping[str, Any]) -> str | None:
    if (text := read_small(folder, "chat_template.jinja")) is not None:
        return digest_bytes(text.strip())
    template = config.get("chat_template")
    if template is None:
        template = (_json(folder, "chat_template.json") or {}).get("chat_template")
    if template is None:
        return None
    if isinstance(template, str):
        return digest_bytes(template.strip().encode())
    return digest_json(template)


def _json(folder: Path, name: str) -> dict[str, Any] | None:
    data = read_small(folder, name)
    if data is None:
        return None
    try:
        content = parse_json(data)
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from problem
    if not isinstance(content, dict):
        raise ValueError(f"{name} is not a JSON object")
    return content
