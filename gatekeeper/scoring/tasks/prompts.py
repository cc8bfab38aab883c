"""Prompts of one task, built by lm-eval: few-shot examples, chat template, system prompt.

A doc's prompt must not depend on which docs were asked for before it, but lm-eval draws few-shot
examples from one random stream in doc order. So the stream's state before each doc is kept, and a
doc gets the examples that a run over the whole task would give it.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from typing import Any

from gatekeeper.digests import digest_bytes

__all__ = ["FEW_SHOT_SEED", "ChatTemplate", "Prompts"]

FEW_SHOT_SEED = 1234
"""lm-eval's own default."""


class ChatTemplate:
    """The tokenizer's chat template, applied as lm-eval's HF runner applies it."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @property
    def digest(self) -> str:
        """Digest of the template's text."""
        return digest_bytes(str(self._tokenizer.chat_template).encode())

    def __call__(
        self, history: Sequence[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Render a conversation; a template without a system role gets no system turn."""
        import jinja2

        def render(messages: Sequence[dict[str, str]]) -> str:
            return self._tokenizer.apply_chat_template(
                list(messages),
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )

        try:
            return render(history)
        except jinja2.exceptions.TemplateError:
            return render([message for message in history if message["role"] != "system"])


class Prompts:
    """Builds the requests of a task's docs, in any order, each time the same."""

    def __init__(
        self,
        task: Any,
        docs: Sequence[Any],
        *,
        system_prompt: str | None = None,
        chat: ChatTemplate | None = None,
    ) -> None:
        self.task = task
        self.docs = docs
        self.system_prompt = system_prompt
        self.chat = chat
        task.set_fewshot_seed(seed=FEW_SHOT_SEED)
        self._shots = int(task.get_config("num_fewshot") or 0)
        self._streams = _streams(task) if self._shots else []
        self._states = [[_packed(stream) for stream in self._streams]]

    def instances(self, doc: int) -> list[Any]:
        """lm-eval's requests of one doc, unanswered."""
        self._rewind(doc)
        task, content = self.task, self.docs[doc]
        context = self._context(content)
        found = task.construct_requests(
            doc=content,
            ctx=context,
            metadata=(task.config["task"], doc, task.config.repeats),
            apply_chat_template=self.chat is not None,
            chat_template=self.chat,
        )
        return found if isinstance(found, list) else [found]

    def _context(self, content: Any) -> Any:
        return self.task.fewshot_context(
            content,
            num_fewshot=self._shots,
            system_instruction=self.system_prompt,
            apply_chat_template=self.chat is not None,
            fewshot_as_multiturn=self.chat is not None,
            chat_template=self.chat,
            gen_prefix=self.task.doc_to_prefix(content),
        )

    def _rewind(self, doc: int) -> None:
        """Bring the few-shot stream to where a run over the whole task would be at `doc`."""
        if not self._streams:
            return
        while len(self._states) <= doc:
            done = len(self._states) - 1
            self._set(done)
            self._draw(self.docs[done])
            self._states.append(
                [
                    before if (after := _packed(stream)) == before else after
                    for stream, before in zip(self._streams, self._states[done], strict=True)
                ]
            )
        self._set(doc)

    def _set(self, doc: int) -> None:
        for stream, state in zip(self._streams, self._states[doc], strict=True):
            version, numbers, rest = state
            stream.setstate((version, tuple(array("I", numbers)), rest))

    def _draw(self, content: Any) -> None:
        """Draw a doc's few-shot examples without rendering them."""
        config = getattr(self.task, "fewshot_cfg", None)
        sampler = getattr(self.task, "sampler", None)
        if config is None or sampler is None:
            self._context(content)
            return
        same_split = config.split == self.task.config.test_split
        sampler.sample(n=self._shots, eval_doc=content if same_split else None)


_State = tuple[int, bytes, float | None]
"""A random stream's state; packed, it takes 2.5 KB instead of 25, and there is one for each doc."""


def _packed(stream: random.Random) -> _State:
    version, numbers, rest = stream.getstate()
    return version, array("I", numbers).tobytes(), rest


def _streams(task: Any) -> list[Any]:
    """Every random stream that few-shot examples may come from."""
    from lm_eval.api.samplers import FirstNSampler

    sampler = getattr(task, "sampler", None)
    if isinstance(sampler, FirstNSampler):
        return []
    own = [] if sampler is None or sampler.rnd is None else [sampler.rnd]
    return [*own, *([task.fewshot_rnd] if task.fewshot_rnd is not None else [])]
