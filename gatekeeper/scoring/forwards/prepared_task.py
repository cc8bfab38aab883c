"""A task prepared for one base: rendered, tokenised, packed; the same for every arm.

The shared prefix and the batch shape are taken from a few docs spread over the whole task, not
from the docs asked for, so that a doc is packed the same way in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatekeeper.errors import SuiteError
from gatekeeper.scoring.forwards.packing import (
    Heights,
    PackedDoc,
    Packing,
    common_prefix,
    fixed_heights,
    free_heights,
    heights_alone,
    pack,
)
from gatekeeper.scoring.tasks.loaded_task import LoadedTask
from gatekeeper.scoring.tasks.tokens import Scored, Tokens

__all__ = ["PreparedTask"]

_PROBES = 16
_CHUNK = 64


class PreparedTask:
    """Packed docs of one task, made on demand and kept. A prompt to continue is a chain."""

    def __init__(self, task: LoadedTask, tokens: Tokens) -> None:
        self.task = task
        self._tokens = tokens
        self._docs: dict[int, PackedDoc] = {}
        step = max(1, len(task) // _PROBES)
        self._probed = probes = list(range(0, len(task), step))[:_PROBES]
        requests = self.requests(probes)
        self.prefix = common_prefix([r for doc in probes for r in requests[doc]])
        for doc in probes:
            self._docs[doc] = pack(requests[doc], self.prefix)
        self._probes = list(self._docs.values())

    @property
    def tokenizer(self) -> Any:
        """The base's tokenizer."""
        return self._tokens.tokenizer

    @property
    def max_length(self) -> int:
        """Length of the base's context in tokens."""
        return self._tokens.max_length

    def heights(self, budget: int, packing: Packing) -> Heights:
        """How high this task's forwards may be, and how many of their rows are scored."""
        if packing is Packing.FREE:
            return free_heights(budget)
        if packing is Packing.ALONE:
            return heights_alone()
        return fixed_heights(self._probes, budget, self.task.siblings)

    @property
    def longest(self) -> int:
        """Tokens after the prefix in the longest of a few prompts, including its answer."""
        return max(map(len, self._probes)) + max(map(self._limit, self._probed))

    def docs(self, wanted: Sequence[int]) -> list[PackedDoc]:
        """Packed docs, in the order asked for. Raises SuiteError as `requests` does."""
        new = [doc for doc in wanted if doc not in self._docs]
        for start in range(0, len(new), _CHUNK):
            for doc, requests in self.requests(new[start : start + _CHUNK]).items():
                self._docs[doc] = pack(requests, self.prefix)
        return [self._docs[doc] for doc in wanted]

    def longer(self, docs: Sequence[int], most: int) -> list[int]:
        """Docs with a sequence, including its answer, of more than `most` tokens."""
        generates = self.task.output_type == "generate_until"
        return [
            doc
            for doc, requests in self.requests(docs).items()
            if any(len(r.inputs) + (self._limit(doc) if generates else 0) > most for r in requests)
        ]

    def requests(self, docs: Sequence[int]) -> dict[int, list[Scored]]:
        """The sequences of some docs, unpacked.

        Raises SuiteError, naming the doc, when its template fails or its request cannot be run.
        """
        arguments = {doc: self._rendered(doc) for doc in docs}
        try:
            if self.task.output_type == "loglikelihood_rolling":
                return {
                    doc: [w for (text,) in args for w in self._tokens.rolling(text)]
                    for doc, args in arguments.items()
                }
            if self.task.output_type == "generate_until":
                return self._prompts(arguments)
            pairs = [(str(a[0]), str(a[1])) for args in arguments.values() for a in args]
            flat = iter(self._tokens.pairs(pairs))
        except ValueError as problem:
            raise SuiteError(f"Task {self.task.name}: {problem}.") from problem
        return {doc: [next(flat) for _ in args] for doc, args in arguments.items()}

    def generation(self, doc: int) -> dict[str, Any]:
        """The doc's generation arguments."""
        return dict(self.task.arguments(doc)[0][1])

    def responses(self, likelihoods: Sequence[tuple[float, bool]]) -> list[Any]:
        """What lm-eval expects for the doc's likelihood requests."""
        if self.task.output_type == "loglikelihood_rolling":
            return [sum(likelihood for likelihood, _ in likelihoods)]
        return list(likelihoods)

    def _prompts(self, arguments: dict[int, list[tuple[Any, ...]]]) -> dict[int, list[Scored]]:
        rooms = {doc: self._limit(doc) for doc in arguments}
        found: dict[int, list[Scored]] = {}
        for room in sorted(set(rooms.values())):
            docs = [doc for doc in arguments if rooms[doc] == room]
            prompts = self._tokens.prompts([str(arguments[doc][0][0]) for doc in docs], room)
            for doc, prompt in zip(docs, prompts, strict=True):
                # The token after the prompt is not known yet: any target marks its last row.
                found[doc] = [Scored(prompt or (self._tokens.prefix_token,), (0,))]
        return {doc: found[doc] for doc in arguments}

    def _limit(self, doc: int) -> int:
        """Maximum number of tokens of the doc's answer."""
        from lm_eval.models.utils import normalize_gen_kwargs

        return int(normalize_gen_kwargs(self.generation(doc))["max_gen_toks"])

    def _rendered(self, doc: int) -> list[tuple[Any, ...]]:
        try:
            return self.task.arguments(doc)
        except Exception as problem:  # templates and functions of a suite may raise anything
            raise SuiteError(
                f"Task {self.task.name}, doc {doc}: its prompt cannot be built: "
                f"{type(problem).__name__}: {problem}"
            ) from problem
