"""Text to tokens exactly as lm-eval's HF runner: same special tokens, same splits, same truncation.

It is not a tokenizer: the base's own one does the work, many strings per call. This module only
determines which strings it gets and where context ends and continuation begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Scored", "Tokens"]

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Scored:
    """One sequence to run: `inputs` go in, the last `len(targets)` positions are scored."""

    inputs: tuple[int, ...]
    targets: tuple[int, ...]


class Tokens:
    """The base's tokenizer, asked as lm-eval's `HFLM` asks it.

    `max_length` is the model's context length in tokens; longer inputs lose their left end.
    """

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.prefix_token = int(eos if bos is None else bos)
        self.eos_token = None if eos is None else int(eos)
        self._prefix_text = tokenizer.decode(self.prefix_token)
        self._known: dict[tuple[str, bool], tuple[int, ...]] = {}

    def pairs(self, requests: Sequence[tuple[str, str]]) -> list[Scored]:
        """Sequences of (context, continuation) requests.

        Trailing spaces of a context move to its continuation; the continuation's tokens are those
        of the whole text after the tokens of the context alone. An empty context becomes the
        prefix token. Raises ValueError when a continuation has no tokens.
        """
        moved = [_move_spaces(context, continuation) for context, continuation in requests]
        self._encode(whole for context, rest in moved if context for whole in (context + rest,))
        self._encode(context for context, _ in moved if context)
        self._encode((rest for context, rest in moved if not context), special=False)
        found = [self._pair(context, rest) for context, rest in moved]
        self._known.clear()
        return found

    def rolling(self, text: str) -> list[Scored]:
        """Disjoint windows over the whole text, each token scored once, one token of context."""
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        self._encode([text])
        windows = get_rolling_token_windows(
            token_list=list(self._known[text, True]),
            prefix_token=self.prefix_token,
            max_seq_len=self.max_length,
            context_len=1,
        )
        self._known.clear()
        return [self._cut(*make_disjoint_window(window)) for window in windows]

    def prompts(self, texts: Sequence[str], room: int) -> list[tuple[int, ...]]:
        """Prompts for generation, cut on the left so that `room` more tokens fit.

        Raises ValueError when `room` alone fills the model's context.
        """
        limit = self.max_length - room
        if limit <= 0:
            raise ValueError(
                f"{room} tokens to generate do not fit into a context of {self.max_length} tokens"
            )
        # lm-eval looks at the special BOS text here, not at the prefix token.
        bos = self.tokenizer.bos_token
        bare = [bool(bos) and text.startswith(bos) for text in texts]
        self._encode((t for t, b in zip(texts, bare, strict=True) if b), special=False)
        self._encode((t for t, b in zip(texts, bare, strict=True) if not b), detect=False)
        found = [self._known[t, not b][-limit:] for t, b in zip(texts, bare, strict=True)]
        self._known.clear()
        return found

    def _pair(self, context: str, rest: str) -> Scored:
        if context:
            whole, left = self._known[context + rest, True], self._known[context, True]
            return self._cut(list(left), list(whole[len(left) :]))
        tokens = list(self._known[rest, False])
        if tokens and tokens[0] == self.prefix_token:
            return self._cut(tokens[:1], tokens[1:])
        return self._cut([self.prefix_token], tokens)

    def _cut(self, context: list[int], continuation: list[int]) -> Scored:
        if not continuation:
            raise ValueError("a continuation has no tokens of its own")
        inputs = (context + continuation)[-(self.max_length + 1) :][:-1]
        return Scored(tuple(inputs), tuple(continuation[-len(inputs) :]))

    def _encode(self, texts: Iterable[str], *, special: bool = True, detect: bool = True) -> None:
        """Encode new texts, many at once; a text that starts with the prefix gets no second one."""
        new = [t for t in dict.fromkeys(texts) if (t, special) not in self._known]
        for start in range(0, len(new), _BATCH):
            chunk = new[start : start + _BATCH]
            add = [special and not (detect and t.startswith(self._prefix_text)) for t in chunk]
            for flag in (True, False):
                some = [t for t, a in zip(chunk, add, strict=True) if a is flag]
                if some:
                    ids = self.tokenizer(some, add_special_tokens=flag)["input_ids"]
                    self._known.update(
                        ((t, special), tuple(i)) for t, i in zip(some, ids, strict=True)
                    )


def _move_spaces(context: str, continuation: str) -> tuple[str, str]:
    spaces = len(context) - len(context.rstrip())
    if not spaces:
        return context, continuation
    return context[:-spaces], context[-spaces:] + continuation
