"""What one arm answers: batches are run here, packed where that is safe, plain where it is not.

It connects the engine (tasks, cache, memory limits) and the forwards (tensors).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import torch

from gatekeeper.scoring.forwards.forest import grow, is_short
from gatekeeper.scoring.forwards.greedy_generation import Ending, generate, is_plain_greedy
from gatekeeper.scoring.forwards.packed_attention import PrefixStates
from gatekeeper.scoring.forwards.packed_forward import (
    Likelihood,
    forest_likelihoods,
    likelihoods,
    prefix_states,
)
from gatekeeper.scoring.forwards.packing import LEAST, Heights, PackedDoc, Packing, Shape, plan
from gatekeeper.scoring.forwards.plain_generation import plain_text, plain_texts, text_length
from gatekeeper.scoring.forwards.plain_rows import plain_batches, plain_likelihoods
from gatekeeper.scoring.forwards.prepared_task import PreparedTask
from gatekeeper.scoring.interface import Work

__all__ = ["Answer", "Answers", "Arm"]

_SHARE_FOR_PREFIXES = 8
"""This fraction (one in N) of the memory is for states of prefixes, but at least one GiB."""
_SLOTS, _MOST_SLOTS = 32, 128
"""Rows that decode together: where heights are fixed, and where they are free."""
_MOST_TEXTS, _TEXTS_SHARE = 16, 8
"""Prompts that `generate` takes at once, and budgets of tokens that they may take together: most of
their forwards are one token high."""


@dataclass(frozen=True)
class Arm:
    """One arm at work: its module and its name (None: the base)."""

    module: Any
    candidate: str | None
    packing: Packing
    pads: bool = False
    """Whether prompts may be padded on the left, for the texts of a model that is not packed."""
    alike: int | None = None
    """Tokens beyond which a sequence changes the positions of all that share its forward."""

    @property
    def is_packed(self) -> bool:
        """Whether its docs are trees under our attention."""
        return self.packing not in (Packing.PLAIN, Packing.BATCHED)


@dataclass(frozen=True)
class Answer:
    """Responses to one doc's requests, as lm-eval expects them, and the tokens they took."""

    responses: list[Any]
    tokens: int


class Answers:
    """Runs docs of prepared tasks, and keeps the states of shared prefixes."""

    def __init__(self, device: Any) -> None:
        self.work = Work()
        self._device = device
        self._prefixes: dict[tuple[str, str | None], PrefixStates] = {}

    def forget(self) -> None:
        """Drop all prefix states."""
        self._prefixes.clear()

    def of(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm, budget: int
    ) -> Iterator[dict[int, Answer]]:
        """Answers to `docs`, some at a time, at most `budget` tokens per forward."""
        if arm.alike is not None:
            long = prepared.longer(docs, arm.alike)
            short = [doc for doc in docs if doc not in long]
            others = self.of(prepared, short, replace(arm, alike=None), budget)
            return chain(self._by_request(prepared, long, arm), others)
        if prepared.task.output_type == "generate_until":
            return self._texts(prepared, docs, arm, budget)
        if arm.is_packed:
            return self._packed(prepared, docs, arm, budget)
        if arm.packing is Packing.BATCHED:
            return self._batched(prepared, docs, arm, budget)
        return self._plain(prepared, docs, arm, budget)

    def _packed(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm, budget: int
    ) -> Iterator[dict[int, Answer]]:
        heights = prepared.heights(budget, arm.packing)
        trees = dict(zip(docs, prepared.docs(docs), strict=True))
        for prefix in {0, len(prepared.prefix)} if arm.packing is Packing.FREE else ():
            short = [d for d, tree in trees.items() if is_short(tree) and tree.prefix == prefix]
            if short:
                yield from self._forest(prepared, {d: trees.pop(d) for d in short}, arm, heights)
        yield from self._trees(prepared, trees, arm, heights)

    def _forest(
        self, prepared: PreparedTask, trees: dict[int, PackedDoc], arm: Arm, heights: Heights
    ) -> Iterator[dict[int, Answer]]:
        docs, chosen = list(trees), list(trees.values())
        states = self._prefix(prepared, chosen, arm, heights.step)
        self.work.naive += sum(tree.naive for tree in chosen)
        for stretch, ended in forest_likelihoods(
            arm.module, grow(chosen), heights, states, self._device
        ):
            self._count(heights.step, len(stretch), len(stretch.scored))
            yield {
                docs[index]: Answer(prepared.responses(found), len(chosen[index]))
                for index, found in ended.items()
            }

    def _trees(
        self, prepared: PreparedTask, docs: dict[int, PackedDoc], arm: Arm, heights: Heights
    ) -> Iterator[dict[int, Answer]]:
        names, trees = list(docs), list(docs.values())
        for batch in plan(trees, heights.most):
            full = [index for index in batch if len(trees[index])]
            chosen = [trees[index] for index in full]
            found: dict[int, list[Likelihood]] = {}
            if chosen:
                states = self._prefix(prepared, chosen, arm, heights.step)
                results = likelihoods(arm.module, chosen, heights.step, states, self._device)
                found = dict(zip(full, results, strict=True))
                scored = sum(len(tree.scored) for tree in chosen)
                self._count(heights.step, sum(map(len, chosen)), scored)
                self.work.naive += sum(tree.naive for tree in chosen)
            yield {
                names[index]: Answer(prepared.responses(found.get(index, [])), len(trees[index]))
                for index in batch
            }

    def _plain(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm, budget: int
    ) -> Iterator[dict[int, Answer]]:
        for doc, requests in prepared.requests(docs).items():
            found: list[tuple[float, bool]] = []
            if requests:
                found = plain_likelihoods(arm.module, requests, budget, self._device)
            tokens = sum(len(request.inputs) for request in requests)
            self.work.encoded += tokens
            self.work.naive += tokens
            yield {doc: Answer(prepared.responses(found), tokens)}

    def _by_request(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm
    ) -> Iterator[dict[int, Answer]]:
        """Each request in its own forward, with nothing next to it or after it."""
        for doc, requests in prepared.requests(docs).items():
            tokens = sum(len(request.inputs) for request in requests)
            self.work.encoded += tokens
            self.work.naive += tokens
            if prepared.task.output_type == "generate_until":
                arguments = prepared.generation(doc)
                ending = self._ending(prepared, arguments, arm)
                text = plain_text(arm.module, requests[0].inputs, ending, arguments)
                yield {doc: Answer([text], tokens)}
            else:
                found = [
                    plain_likelihoods(arm.module, [request], tokens, self._device)[0]
                    for request in requests
                ]
                yield {doc: Answer(prepared.responses(found), tokens)}

    def _batched(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm, budget: int
    ) -> Iterator[dict[int, Answer]]:
        requests = prepared.requests(docs)
        sizes = {doc: sum(len(r.inputs) for r in some) for doc, some in requests.items()}
        for tokens, ended in plain_batches(arm.module, requests, budget, self._device):
            self.work.forwards += bool(tokens)
            self.work.padding += tokens
            for doc in ended:
                self.work.encoded += sizes[doc]
                self.work.padding -= sizes[doc]
                self.work.naive += sizes[doc]
            yield {
                doc: Answer(prepared.responses(found), sizes[doc]) for doc, found in ended.items()
            }

    def _texts(
        self, prepared: PreparedTask, docs: Sequence[int], arm: Arm, budget: int
    ) -> Iterator[dict[int, Answer]]:
        arguments = {doc: prepared.generation(doc) for doc in docs}
        endings = {doc: self._ending(prepared, arguments[doc], arm) for doc in docs}
        greedy = [doc for doc in docs if is_plain_greedy(arguments[doc], arm.module)]
        together: list[list[int]] = []
        if arm.is_packed:
            together = [[doc] for doc in greedy] if arm.packing is Packing.ALONE else [greedy]
        for some in filter(None, together):
            yield from self._greedy(prepared, some, endings, arm, budget)
        done = {doc for some in together for doc in some}
        left = {doc: arguments[doc] for doc in docs if doc not in done}
        padded = greedy if arm.pads else ()
        yield from self._by_generate(prepared, left, endings, arm, padded, budget)

    def _by_generate(
        self,
        prepared: PreparedTask,
        arguments: dict[int, dict[str, Any]],
        endings: dict[int, Ending],
        arm: Arm,
        padded: Sequence[int],
        budget: int,
    ) -> Iterator[dict[int, Answer]]:
        """Texts of the docs in `arguments`, those in `padded` several at a time."""
        requests = prepared.requests(list(arguments))
        prompts = {doc: some[0].inputs for doc, some in requests.items()}
        self.work.encoded += sum(map(len, prompts.values()))
        self.work.naive += sum(map(len, prompts.values()))
        alike: dict[tuple[int, str], list[int]] = {}
        for doc, prompt in prompts.items():
            length = text_length(len(prompt))
            if doc in padded and length + endings[doc].limit <= prepared.max_length:
                kind = length, repr(sorted(arguments[doc].items()))
                alike.setdefault(kind, []).append(doc)
            else:
                text = plain_text(arm.module, prompt, endings[doc], arguments[doc])
                yield {doc: Answer([text], len(prompt))}
        for (length, _), docs in sorted(alike.items(), reverse=True):
            rows = max(1, min(_MOST_TEXTS, _TEXTS_SHARE * budget // length))
            for start in range(0, len(docs), rows):
                some, first = docs[start : start + rows], docs[start]
                texts = plain_texts(
                    arm.module, [prompts[doc] for doc in some], rows, length,
                    endings[first], arguments[first],
                )  # fmt: skip
                yield {
                    doc: Answer([text], len(prompts[doc]))
                    for doc, text in zip(some, texts, strict=True)
                }

    def _greedy(
        self,
        prepared: PreparedTask,
        docs: Sequence[int],
        endings: dict[int, Ending],
        arm: Arm,
        budget: int,
    ) -> Iterator[dict[int, Answer]]:
        heights = prepared.heights(budget, arm.packing)
        if arm.packing is Packing.ALONE:
            slots = 1
        elif arm.packing is Packing.FREE:
            slots = min(_MOST_SLOTS, len(docs))
        else:  # a property of the task; each slot has room for a prompt and its answer
            slots = max(LEAST, min(_SLOTS, budget // prepared.longest))
        trees = prepared.docs(docs)
        states = self._prefix(prepared, trees, arm, heights.step)
        self.work.encoded += sum(map(len, trees))
        self.work.naive += sum(tree.naive for tree in trees)
        chosen = [endings[doc] for doc in docs]
        for done in generate(arm.module, trees, chosen, heights, slots, states, self._device):
            self.work.generated += done.tokens - len(trees[done.index])
            response = done.text if done.finite else math.nan
            yield {docs[done.index]: Answer([response], done.tokens)}

    def _ending(self, prepared: PreparedTask, arguments: dict[str, Any], arm: Arm) -> Ending:
        return Ending.of(arguments, prepared.tokenizer, arm.module)

    def _prefix(
        self, prepared: PreparedTask, docs: Sequence[PackedDoc], arm: Arm, step: Shape
    ) -> PrefixStates | None:
        """States of the task's prefix for this arm; the least recently used go first."""
        if not any(doc.prefix for doc in docs):
            return None
        name = prepared.task.digest, arm.candidate
        states = self._prefixes.pop(name, None)
        if states is None:
            room = _room_for_prefixes(self._device)
            while self._prefixes and sum(p.bytes for p in self._prefixes.values()) > room:
                self._prefixes.pop(next(iter(self._prefixes)))
            states = prefix_states(arm.module, prepared.prefix, step, self._device)
            self._count(step, states.length, 0)
        self._prefixes[name] = states
        return states

    def _count(self, step: Shape, tokens: int, scored: int) -> None:
        """Count one forward of this many rows, in a multiple of `step`."""
        shape = step.fitting(tokens, scored)
        self.work.encoded += tokens
        self.work.padding += shape.tokens - tokens
        self.work.scored_rows += shape.scored if scored else 0
        self.work.forwards += 1


def _room_for_prefixes(device: torch.device) -> int:
    """Bytes."""
    if device.type == "cuda":
        memory = torch.cuda.mem_get_info(device)[1]
    else:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1 << 30, memory // _SHARE_FOR_PREFIXES)
