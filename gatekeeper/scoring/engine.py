"""The scoring engine: the same numbers as lm-eval's HF runner, many times faster.

Render, pack, run, judge, remember. Scores are asked of the cache first and written to it batch by
batch, so an interrupted check goes on where it stopped. Base and candidate share one packing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

import torch
from pydantic import ValidationError

from gatekeeper.digests import digest_json
from gatekeeper.errors import EngineError, SuiteError
from gatekeeper.evidence import NeutralText
from gatekeeper.machine import processor
from gatekeeper.scoring.forwards.answers import Answer, Answers, Arm, Work
from gatekeeper.scoring.forwards.forward_heights import (
    LayerShape,
    alike_up_to,
    keep_bits,
    linear_layers,
)
from gatekeeper.scoring.forwards.greedy_generation import unusual_defaults
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import SelfTest, self_test
from gatekeeper.scoring.forwards.prepared_task import PreparedTask
from gatekeeper.scoring.interface import Arms, Progress, SampleScore, ScoringTask
from gatekeeper.scoring.neutral_text import compare_on_neutral_text
from gatekeeper.scoring.out_of_memory import MORE_MEMORY, is_out_of_memory
from gatekeeper.scoring.score_cache import ScoreCache, ScoreKey
from gatekeeper.scoring.tasks.loaded_task import LoadedTask
from gatekeeper.scoring.tasks.tokens import Tokens

__all__ = ["ENGINE_VERSION", "PackedEngine", "Work"]

ENGINE_VERSION = "4"
_BUDGET = {"cpu": 1024, "cuda": 8192}
_SMALLEST = 64
_SLOW = {
    Packing.PLAIN: "in plain rows, one doc at a time",
    Packing.BATCHED: "in plain batches",
    Packing.ALONE: "one doc at a time",
}


class PackedEngine:
    """Scores docs of lm-eval tasks with any arm; see `interface.Engine`.

    `notes` says in sentences what did not go the usual way: a fallback, a halved budget. `tell` is
    told each of them at once.
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
        self._tokens: Tokens | None = None
        self._dtype = ""
        self._tested: WeakKeyDictionary[Any, SelfTest] = WeakKeyDictionary()
        self._keeping: set[LayerShape] = set()
        self._prepared: dict[str, PreparedTask] = {}

    @property
    def work(self) -> Work:
        """What the forwards of this engine did."""
        return self._answers.work

    def score(
        self,
        task: ScoringTask,
        docs: Sequence[int],
        candidate: str | None,
        progress: Progress | None = None,
    ) -> list[SampleScore]:
        """Score `docs` of `task` with one arm, in the order given.

        Raises SuiteError for a task that cannot be rendered or has no such metric, EngineError
        when the machine's memory does not hold even a small batch.
        """
        if not isinstance(task, LoadedTask):
            raise EngineError(f"Task {task.name} was not loaded by gatekeeper.scoring.tasks.")
        with self.arms.arm(candidate) as module:
            arm = self._look_at(module, candidate)
            self._tell_of_slow_texts(task, arm)
            known = self._cached(task, docs, arm)
            _tell(progress, known, docs)
            missing = [doc for doc in dict.fromkeys(docs) if doc not in known]
            for answers in self._batches(task, missing, arm):
                scores = {doc: _judged(task, doc, answer) for doc, answer in answers.items()}
                if self.cache and (key := self._key(task, arm)):
                    # A metric may fail for want of a package or of a network: that is no result.
                    sound = [score for score in scores.values() if score.error is None]
                    self.cache.append(key, sound)
                known.update(scores)
                _tell(progress, known, docs)
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
        key = self._key_of(f"neutral-text {digest_json(list(texts))}", candidate, "plain")
        if self.cache and key and (known := _as_drift(self.cache.result(key))):
            return known
        found = compare_on_neutral_text(self.arms, candidate, texts)
        if found and self.cache and key:
            self.cache.remember(key, found.model_dump(mode="json"))
        return found

    def _cached(self, task: LoadedTask, docs: Sequence[int], arm: Arm) -> dict[int, SampleScore]:
        key = self._key(task, arm)
        found = self.cache.read(key) if self.cache and key else {}
        names = {doc: task.sample_id(doc) for doc in docs}
        return {d: replace(found[n], cached=True) for d, n in names.items() if n in found}

    def _look_at(self, module: Any, candidate: str | None) -> Arm:
        """Learn what scoring depends on, and test once per model how its rows may be packed.

        An adapter works on single tokens inside the base's model: where the base packs, it does.
        Only its layers' shapes are new, and are tried by themselves.
        """
        if self._tokens is None:
            from lm_eval.models.utils import resolve_max_length

            length = resolve_max_length(module.config, self.arms.tokenizer)
            self._tokens = Tokens(self.arms.tokenizer, length)
            self._dtype = str(next(module.parameters()).dtype).removeprefix("torch.")
        if module not in self._tested:
            tested = self._tested[module] = self._self_test(module, candidate)
            if tested.packing is Packing.FREE:
                self._keeping |= (linear_layers(module) or {}).keys()
            if how := _SLOW.get(tested.packing):
                who = "Candidate " + candidate[:19] if candidate else "The base"
                self._note(f"{who} is scored {how}, which is slower: {tested.why}.")
        tested = self._tested[module]
        packing = tested.packing
        if packing is Packing.FREE and not self._layers_keep_bits(module):
            packing = Packing.FIXED
        return Arm(module, candidate, packing, tested.pads, alike_up_to(module.config))

    def _tell_of_slow_texts(self, task: LoadedTask, arm: Arm) -> None:
        """Say once why a base's texts are generated one at a time, where nothing else says it."""
        if task.output_type != "generate_until" or arm.packing is Packing.PLAIN:
            return
        why = ""
        if names := unusual_defaults(arm.module):
            why = f"generation_config.json sets {', '.join(names)}"
        elif not arm.is_packed and not arm.pads:
            why = "padding before a prompt would move its text"
        text = f"Texts are generated one at a time, which is slower: {why}."
        if why and text not in self.notes:
            self._note(text)

    def _layers_keep_bits(self, module: Any) -> bool:
        """Whether the layers of the arm, its adapter's among them, fit forwards of any height."""
        layers = linear_layers(module)
        if layers is None:
            return False
        new = {shape: weight for shape, weight in layers.items() if shape not in self._keeping}
        if not keep_bits(new, self._device):
            return False
        self._keeping |= new.keys()
        return True

    def _self_test(self, module: Any, candidate: str | None) -> SelfTest:
        """What the self-test says of this model; asked once per model, machine and versions."""
        assert self._tokens is not None
        key = self._key_of("self-test", candidate, "packed")
        known = self.cache.result(key) if self.cache and key else None
        if isinstance(known, dict) and known.keys() == {"packing", "why", "pads"}:
            return SelfTest(Packing(known["packing"]), str(known["why"]), bool(known["pads"]))
        found = self_test(module, self._tokens.max_length, self._device)
        if self.cache and key:
            self.cache.remember(key, asdict(found))
        return found

    def _key(self, task: LoadedTask, arm: Arm) -> ScoreKey | None:
        how: str = arm.packing
        if arm.packing in (Packing.PLAIN, Packing.BATCHED, Packing.FIXED):
            # The budget of the moment: after a lack of memory, rows are packed otherwise.
            how = f"{how}-{self._budget}/{task.siblings}"
        what = task.digest
        if task.output_type == "generate_until":
            what = f"{what} {_generation_digest(arm.module)}"
        return self._key_of(what, arm.candidate, how)

    def _key_of(self, what: str, candidate: str | None, packing: str) -> ScoreKey | None:
        pin = getattr(self.arms, "pin", None)
        if pin is None:
            return None
        return ScoreKey(
            base=pin.digest,
            dtype=self._dtype,
            quantization=pin.quantization,
            arm=candidate or "base",
            task=what,
            engine=f"{ENGINE_VERSION}/{packing}/{_libraries(pin.quantization)}",
            device=_device_kind(self._device),
        )

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
            if left:  # out of the handler: its traceback holds the tensors that were too many
                self._halve()

    def _prepare(self, task: LoadedTask) -> PreparedTask:
        if task.digest not in self._prepared:
            assert self._tokens is not None
            self._prepared[task.digest] = PreparedTask(task, self._tokens)
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
        self._note(f"Out of memory: going on with {self._budget} tokens at a time.")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        if self._tell is not None:
            self._tell(text)


def _judged(task: LoadedTask, doc: int, answer: Answer) -> SampleScore:
    score, text, error = 0.0, "", None
    try:
        if _finite(answer.responses):
            score, text = task.judge(doc, answer.responses)
        else:
            error = "The model's logits are not finite numbers."
    except SuiteError:
        raise
    except Exception as problem:  # a task's metric may raise anything over a strange answer
        error = f"The task's metric failed: {type(problem).__name__}: {problem}"
    if not math.isfinite(score):
        score, error = 0.0, "The task's metric is not a finite number."
    return SampleScore(
        sample_id=task.sample_id(doc),
        score=score,
        question=task.question(doc),
        gold=task.gold(doc),
        answer=text,
        tokens=answer.tokens,
        error=error,
    )


def _as_drift(known: Any) -> NeutralText | None:
    try:
        return NeutralText.model_validate(known)
    except ValidationError:
        return None


def _tell(progress: Callable[[int, int], None] | None, known: dict[int, Any], docs: Any) -> None:
    if progress is not None:
        progress(len(known), len(set(docs)))


def _finite(responses: Sequence[Any]) -> bool:
    numbers = [r[0] if isinstance(r, tuple) else r for r in responses]
    return all(math.isfinite(n) for n in numbers if isinstance(n, float))


def _generation_digest(module: Any) -> str:
    """Of what `generation_config.json` sets: end tokens, and which decoder runs."""
    settings = module.generation_config.to_dict()
    for name in ("transformers_version", "_from_model_config"):
        settings.pop(name, None)
    return digest_json({name: repr(value) for name, value in settings.items()})


@cache
def _libraries(quantization: str) -> str:
    names: tuple[str, ...] = ("torch", "transformers", "peft")
    names = names if quantization == "none" else (*names, "bitsandbytes")
    return "/".join(f"{name}-{version(name)}" for name in names)


def _device_kind(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{device.type}-{processor()}-{kind}-{torch.get_num_threads()}"
