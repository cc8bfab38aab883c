"""The files next to a candidate: tokenizer, vocabulary and chat template, against the base's.

An adapter served with a different tokenizer from the one it was trained with looks fine and talks
nonsense, so what the trainer saved with it is compared by meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatekeeper.candidate.finding_codes import FindingCode, held, refused, told, warned
from gatekeeper.evidence import Finding
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.files.tokenizer_files import TokenizerFiles, read_tokenizer
from gatekeeper.files.untrusted import UnsafeFileError

__all__ = ["judge_surroundings"]


def judge_surroundings(source: Path, base_folder: ModelFolder | None) -> tuple[Finding, ...]:
    """Compare the tokenizer files next to the candidate, if there are any, with the base's."""
    try:
        own = read_tokenizer(source)
    except UnsafeFileError as problem:
        return (refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened."),)
    except ValueError as problem:
        return (
            warned(
                FindingCode.TOKENIZER_DIFFERS, f"The tokenizer next to it is broken: {problem}."
            ),
        )
    if not own.present and own.chat_template is None and not any(own.special.values()):
        return ()
    if base_folder is None:
        return (
            told(
                FindingCode.BASE_NOT_COMPARED,
                "There is a tokenizer next to it, which cannot be compared without the base.",
            ),
        )
    return tuple(_differences(own, base_folder.tokenizer))


def _differences(own: TokenizerFiles, base: TokenizerFiles) -> Iterator[Finding]:
    if own.present and base.present:
        if own.vocabulary != base.vocabulary:
            yield refused(
                FindingCode.VOCABULARY_DIFFERS,
                "The vocabulary saved with it differs from the base's: the same text gets "
                "different token ids.",
                hint="Check and serve it with the base and tokenizer that it was trained with.",
            )
        elif own.rules != base.rules:
            yield warned(
                FindingCode.TOKENIZER_DIFFERS,
                "The tokenizer saved with it splits text by different rules or settings from the "
                "base's; the check uses the base's.",
            )
    if own.chat_template is not None and own.chat_template != base.chat_template:
        what = (
            "a chat template that differs from the base's"
            if base.chat_template
            else "a chat template, and the base has none"
        )
        yield held(
            FindingCode.CHAT_TEMPLATE_DIFFERS,
            f"It was saved with {what}, so chats would be formatted differently from training.",
            hint="Train with the base's template, or make a base with the new one.",
        )
    yield from _special(own, base)


def _special(own: TokenizerFiles, base: TokenizerFiles) -> Iterator[Finding]:
    differing = tuple(
        key
        for key, value in own.special.items()
        if value is not None and base.special.get(key) not in (None, value)
    )
    if not differing:
        return
    shown = ", ".join(f"{key} {own.special[key]!r}, not {base.special[key]!r}" for key in differing)
    text = f"The tokenizer saved with it has different special tokens: {shown}."
    # Trainers often set padding; what a model learns is where texts end.
    if differing == ("pad_token",):
        yield told(FindingCode.SPECIAL_TOKENS_DIFFER, text, differing)
    else:
        yield warned(FindingCode.SPECIAL_TOKENS_DIFFER, text, differing)
