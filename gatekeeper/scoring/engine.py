"""The scoring engine: the same numbers as lm-eval's HF runner, many times faster.

Render, pack, run, judge, cache. Scores are looked up in the cache first and written to it batch by
batch, so an interrupted check resumes where it stopped. Base and candidate share one packing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from gatekeeper.digests import digest_json
from gatekeeper.errors import EngineError
from gatekeeper.evidence import BasePin, DetachProof, EffectProbe, NeutralText
from gatekeeper.scoring.forwards.answers import Answer, Answers, Arm
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.prepared_task import PreparedTask
from gatekeeper.scoring.interface import Progress, SampleScore, Work
from gatekeeper.scoring.judged_answers import judged
from gatekeeper.scoring.model.arms import Arms
from gatekeeper.scoring.neutral_text import compare_on_neutral_text
from gatekeeper.scoring.out_of_memory import MORE_MEMORY, is_out_of_memory
from gatekeeper.scoring.packing_choice import PackingChoice, why_texts_are_slow
from gatekeeper.scoring.score_cache import ScoreCache
from gatekeeper.scoring.score_keys import ScoreKeys
from gatekeeper.scoring.tasks.loaded_task import LoadedTask, load_tasks
from gatekeeper.scoring.tasks.tokens import Tokens
from gatekeeper.suite import Suite

__all__ = ["PackedEngine"]

_BUDGET = {"cpu": 1024, "cuda": 8192}
_OTHER_BUDGET = 200
"""Tokens per batch in an A/A run's second arm; differs from every engine's own budget."""
_SMALLEST = 64


@dataclass(frozen=True)
class _Base:
    """What is known about the base once its module has been seen."""

    tokens: Tokens
    keys: ScoreKeys


class PackedEngine:
    """Scores docs of lm-eval tasks with the arms of a base in this process; an `Engine`.

    `tell` receives each of the `notes` immediately: a fallback, a halved budget.
    """

    def __init__(
        self,
        arms: Arms,
        cache: ScoreCache | None = None,
        *,
        token_budget: int | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.arms = arms
        self.cache = cache
        self.notes: list[str] = []
        self._tell = tell
        self._device = torch.device(arms.device)
        self._answers = Answers(self._device)
        self._budget = token_budget or _BUDGET.get(self._device.type, _BUDGET["cuda"])
        self._packing = PackingChoice(self._device, cache, self._note)
        self._base: _Base | None = None
        self._prepared: dict[str, PreparedTask] = {}

    @property
    def pin(self) -> BasePin:
        """Exactly which base is scored."""
        return self.arms.pin

    @property
    def work(self) -> Work:
        """What the forwards of this engine did."""
        return self._answers.work

    def tasks(self, suite: Suite) -> dict[str, list[LoadedTask]]:
        """Load a suite's tasks for this base, by capability. Raises SuiteError."""
        return load_tasks(suite, self.arms.tokenizer)

    def attach(self, folder: Path, digest: str) -> None:
        """Attach the candidate in `folder`, switched off. Raises AdapterRefused."""
        self.arms.attach(folder, digest)

    def detach(self, digest: str) -> None:
        """Forget a candidate; unknown digests are not an error."""
        self.arms.detach(digest)

    def prove_effect(self, candidate: str) -> EffectProbe:
        """Run fixed prompts with the candidate on, then off. Raises EngineError if not attached."""
        return self.arms.prove_effect(candidate)

    def prove_detach(self) -> DetachProof:
        """Compare the base with what it was before anything was attached, bit for bit."""
        return self.arms.prove_detach()

    def rebatched(self) -> PackedEngine:
        """The same arms in different batches and without a cache, so that the noise is real."""
        return PackedEngine(self.arms, token_budget=_OTHER_BUDGET)

    def score(
        self,
        task: LoadedTask,
        docs: Sequence[int],
        candidate: str | None,
        progress: Progress | None = None,
    ) -> list[SampleScore]:
        """Score `docs` of `task` with one arm, in the order given.

        Raises SuiteError for a task that cannot be rendered or has no such metric, EngineError
        when not even a small batch fits into the machine's memory.
        """
        with self.arms.arm(candidate) as module:
            arm = self._look_at(module, candidate)
            self._tell_of_slow_texts(task, arm)
            known = self._cached(task, docs, arm)
            _report(progress, known, docs)
            missing = [doc for doc in dict.fromkeys(docs) if doc not in known]
            for answers in self._batches(task, missing, arm):
                scores = {doc: judged(task, doc, answer) for doc, answer in answers.items()}
                if self.cache:
                    # A metric may fail because a package or the network is missing: not a result.
                    sound = [score for score in scores.values() if score.error is None]
                    key = self._known_base.keys.of_task(task, arm, self._budget)
                    self.cache.append(key, sound)
                known.update(scores)
                _report(progress, known, docs)
        return [known[doc] for doc in docs]

    def answers(self, task: LoadedTask, docs: Sequence[int], candidate: str | None) -> list[Answer]:
        """Raw responses to `docs`, in the order given: no filter, no metric, no cache."""
        found: dict[int, Answer] = {}
        with self.arms.arm(candidate) as module:
            arm = self._look_at(module, candidate)
            for some in self._batches(task, docs, arm):
                found.update(some)
        return [found[doc] for doc in docs]

    def drift(self, candidate: str, texts: Sequence[str]) -> NeutralText | None:
        """KL and perplexities on neutral text (`neutral_text.py`), computed once per candidate."""
        with self.arms.arm(candidate) as module:
            self._look_at(module, candidate)
        what = f"neutral-text {digest_json(list(texts))}"
        key = self._known_base.keys.of(what, candidate, "plain")
        if self.cache and (known := _as_drift(self.cache.result(key))):
            return known
        found = compare_on_neutral_text(self.arms, candidate, texts)
        if found and self.cache:
            self.cache.remember(key, found.model_dump(mode="json"))
        return found

    def _cached(self, task: LoadedTask, docs: Sequence[int], arm: Arm) -> dict[int, SampleScore]:
        if self.cache is None:
            return {}
        found = self.cache.read(self._known_base.keys.of_task(task, arm, self._budget))
        names = {doc: task.sample_id(doc) for doc in docs}
        return {d: replace(found[n], cached=True) for d, n in names.items() if n in found}

    def _look_at(self, module: Any, candidate: str | None) -> Arm:
        """Learn what scoring depends on, and how the rows of this arm may be packed."""
        if self._base is None:
            from lm_eval.models.utils import resolve_max_length

            length = resolve_max_length(module.config, self.arms.tokenizer)
            dtype = str(next(module.parameters()).dtype).removeprefix("torch.")
            self._base = _Base(
                Tokens(self.arms.tokenizer, length), ScoreKeys(self.pin, dtype, self._device)
            )
        base = self._base
        return self._packing.arm(module, candidate, base.tokens.max_length, base.keys)

    @property
    def _known_base(self) -> _Base:
        assert self._base is not None  # every path to a score looks at its arm first
        return self._base

    def _tell_of_slow_texts(self, task: LoadedTask, arm: Arm) -> None:
        """Say once why a base's texts are generated one at a time."""
        if task.output_type == "generate_until" and (why := why_texts_are_slow(arm)):
            text = f"Texts are generated one at a time, which is slower: {why}."
            if text not in self.notes:
                self._note(text)

    def _batches(
        self, task: LoadedTask, docs: Sequence[int], arm: Arm
    ) -> Iterator[dict[int, Answer]]:
        """Answer docs batch by batch; out of memory halves the budget and goes on."""
        left = list(docs)
        while left:
            try:
                prepared = self._prepare(task)
                for answers in self._answers.of(prepared, left, arm, self._budget):
                    left = [doc for doc in left if doc not in answers]
                    yield answers
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as problem:
                if not is_out_of_memory(problem):
                    raise
                if arm.packing is Packing.ALONE:  # whatever the budget
                    told = "Out of memory with one doc at a time."
                    raise EngineError(told, MORE_MEMORY) from None
            if left:  # outside the handler: its traceback keeps the tensors that did not fit
                self._halve()

    def _prepare(self, task: LoadedTask) -> PreparedTask:
        if task.digest not in self._prepared:
            self._prepared[task.digest] = PreparedTask(task, self._known_base.tokens)
        return self._prepared[task.digest]

    def _halve(self) -> None:
        if self._budget // 2 < _SMALLEST:
            raise EngineError(
                f"Out of memory with only {self._budget} tokens at a time.", MORE_MEMORY
            )
        self._budget //= 2
        self._answers.forget()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._note(f"Out of memory: continuing with {self._budget} tokens at a time.")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        if self._tell is not None:
            self._tell(text)


def _as_drift(known: Any) -> NeutralText | None:
    try:
        return NeutralText.model_validate(known)
    except ValidationError:
        return None


def _report(progress: Progress | None, known: dict[int, Any], docs: Sequence[int]) -> None:
    if progress is not None:
        progress(len(known), len(set(docs)))
