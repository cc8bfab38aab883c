"""What lies beside a candidate: tokenizer, vocabulary and chat template, against the base's.

An adapter trained with another tokenizer than the one it is served with looks well and talks
nonsense, so what a trainer saved along is compared by meaning.
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
    """Compare the tokenizer files beside the candidate, where there are any, with the base's."""
    try:
        own = read_tokenizer(source)
    except UnsafeFileError as problem:
        return (refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened."),)
    except ValueError as problem:
        return (
            warned(FindingCode.TOKENIZER_DIFFERS, f"The tokenizer beside it is broken: {problem}."),
        )
    if not own.present and own.chat_template is None and not any(own.special.values()):
        return ()
    if base_folder is None:
        return (
            told(
                FindingCode.BASE_NOT_COMPARED,
                "A tokenizer lies beside it; without the base it cannot be compared.",
            ),
        )
    return tuple(_differences(own, base_folder.tokenizer))


def _differences(own: TokenizerFiles, base: TokenizerFiles) -> Iterator[Finding]:
    if own.present and base.present:
        if own.vocabulary != base.vocabulary:
            yield refused(
                FindingCode.VOCABULARY_DIFFERS,
                "The vocabulary saved beside it differs from the base's: the same text becomes "
                "other token ids.",
                hint="Serve and check it with the base and tokenizer that it was trained with.",
            )
        elif own.rules != base.rules:
            yield warned(
                FindingCode.TOKENIZER_DIFFERS,
                "The tokenizer saved beside it splits text by other rules or settings than the "
                "base's; the check uses the base's.",
            )
    if own.chat_template is not None and own.chat_template != base.chat_template:
        what = "another chat template than" if base.chat_template else "a chat template, unlike"
        yield held(
            FindingCode.CHAT_TEMPLATE_DIFFERS,
            f"It was saved with {what} the base: chats would be formatted otherwise than in "
            "training.",
            hint="Train with the base's template, or make a base of the new one.",
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
    text = f"The tokenizer saved beside it has other special tokens: {shown}."
    # Trainers often set padding; the ends of texts are what a model learns.
    if differing == ("pad_token",):
        yield told(FindingCode.SPECIAL_TOKENS_DIFFER, text, differing)
    else:
        yield warned(FindingCode.SPECIAL_TOKENS_DIFFER, text, differing)
