"""A task made ready for one base: rendered, tokenised, packed; the same for every arm.

The shared prefix and the batch shape are taken from a few docs spread over the whole task, not
from the docs at hand, so that a doc is packed alike in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatekeeper.errors import SuiteError
from gatekeeper.scoring.packing import PackedDoc, common_prefix, pack, scored_share
from gatekeeper.scoring.tasks import LoadedTask
from gatekeeper.scoring.tokens import Scored, Tokens

__all__ = ["PreparedTask"]

_PROBES = 16
_CHUNK = 64


class PreparedTask:
    """Packed docs of one likelihood task, made on demand and kept."""

    def __init__(self, task: LoadedTask, tokens: Tokens) -> None:
        self.task = task
        self._tokens = tokens
        self._docs: dict[int, PackedDoc] = {}
        step = max(1, len(task) // _PROBES)
        probes = list(range(0, len(task), step))[:_PROBES]
        requests = self.requests(probes)
        self.prefix = common_prefix([r for doc in probes for r in requests[doc]])
        for doc in probes:
            self._docs[doc] = pack(requests[doc], self.prefix)
        self.share = scored_share(list(self._docs.values()))

    def docs(self, wanted: Sequence[int]) -> list[PackedDoc]:
        """Packed docs, in the order asked for."""
        new = [doc for doc in wanted if doc not in self._docs]
        for start in range(0, len(new), _CHUNK):
            chunk = new[start : start + _CHUNK]
            for doc, requests in self.requests(chunk).items():
                self._docs[doc] = pack(requests, self.prefix)
        return [self._docs[doc] for doc in wanted]

    def responses(self, likelihoods: Sequence[tuple[float, bool]]) -> list[Any]:
        """What lm-eval expects for the doc's requests."""
        if self.task.output_type == "loglikelihood_rolling":
            return [sum(likelihood for likelihood, _ in likelihoods)]
        return list(likelihoods)

    def requests(self, docs: Sequence[int]) -> dict[int, list[Scored]]:
        """The sequences of some docs, unpacked."""
        arguments = {doc: rendered(self.task, doc) for doc in docs}
        try:
            if self.task.output_type == "loglikelihood_rolling":
                return {
                    doc: [w for (text,) in args for w in self._tokens.rolling(text)]
                    for doc, args in arguments.items()
                }
            pairs = [(str(a[0]), str(a[1])) for args in arguments.values() for a in args]
            flat = iter(self._tokens.pairs(pairs))
        except ValueError as problem:
            raise SuiteError(f"Task {self.task.name}: {problem}.") from problem
        return {doc: [next(flat) for _ in args] for doc, args in arguments.items()}


def rendered(task: LoadedTask, doc: int) -> list[tuple[Any, ...]]:
    """A doc's requests. Raises SuiteError, naming the doc, when its template fails."""
    try:
        return task.arguments(doc)
    except Exception as problem:  # templates and functions of a suite may raise anything
        raise SuiteError(
            f"Task {task.name}, doc {doc}: its prompt cannot be built: "
            f"{type(problem).__name__}: {problem}"
        ) from problem
