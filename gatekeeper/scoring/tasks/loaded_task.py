"""A suite's tasks, ready to be scored: lm-eval's own tasks behind a digest and a metric.

lm-eval builds the prompts and judges the answers; the engine only answers. A metric is named as
lm-eval prints it: `exact_match`, or `exact_match,strict-match` for one of several filters.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_bytes, digest_file, digest_json
from gatekeeper.errors import SuiteError
from gatekeeper.scoring.tasks.judgement import answer_text, gold_text, metric_value, question_text
from gatekeeper.scoring.tasks.prompts import FEW_SHOT_SEED, ChatTemplate, Prompts
from gatekeeper.scoring.tasks.task_files import TaskFiles
from gatekeeper.suite import Suite, TaskRef

__all__ = ["LoadedTask", "load_tasks"]


def load_tasks(suite: Suite, tokenizer: Any) -> dict[str, list[LoadedTask]]:
    """Load every task of a suite, by capability. A group in lm-eval gives all of its tasks.

    Raises SuiteError for unknown tasks, missing data, and a chat template that is asked for but
    missing from the tokenizer.
    """
    chat = None
    if suite.apply_chat_template:
        if not getattr(tokenizer, "chat_template", None):
            raise SuiteError(
                f"Suite {suite.name} applies a chat template, but the base's tokenizer has none.",
                "Set `apply_chat_template: false`, or use a base with a chat template.",
            )
        chat = ChatTemplate(tokenizer)
    files = TaskFiles(suite.name, suite.folder)
    loaded = {}
    for capability in suite.capabilities:
        built = [(task, ref) for ref in capability.tasks for task in files.build(ref.task)]
        loaded[capability.name] = [
            LoadedTask(task, ref, system_prompt=suite.system_prompt, chat=chat, siblings=len(built))
            for task, ref in built
        ]
    return loaded


class LoadedTask:
    """One task over its docs. Prompts and metrics are lm-eval's; indices are those of its docs."""

    def __init__(
        self,
        task: Any,
        ref: TaskRef,
        *,
        system_prompt: str | None = None,
        chat: ChatTemplate | None = None,
        siblings: int = 1,
    ) -> None:
        if ref.few_shot is not None:
            task.set_config(key="num_fewshot", value=ref.few_shot)
        elif task.get_config("num_fewshot") is None:
            task.set_config(key="num_fewshot", value=0)
        self.task = task
        self.ref = ref
        self.siblings = siblings
        """Tasks of its capability, including itself: they share each look."""
        self.name = str(task.config.task)
        self.metric, _, self._filter = ref.metric.partition(",")
        self.output_type = str(task.OUTPUT_TYPE)
        self.docs = list(task.eval_docs)
        self._require_metric()
        self._require_groups()
        self._prompts = Prompts(task, self.docs, system_prompt=system_prompt, chat=chat)
        self._instances: dict[int, list[Any]] = {}
        self.digest = self._digest()

    def __len__(self) -> int:
        return len(self.docs)

    def sample_id(self, doc: int) -> str:
        """Name a doc: `<task>/<index>`."""
        return f"{self.name}/{doc}"

    def group(self, doc: int) -> str | None:
        """The doc's value of the suite's `group_by`; None where it names no field."""
        return None if self.ref.group_by is None else _plain(self.docs[doc][self.ref.group_by])

    def kind(self, doc: int) -> str | None:
        """The doc's own `kind`, where it is text; None for docs without one."""
        content = self.docs[doc]
        kind = content.get("kind") if isinstance(content, dict) else None
        return kind if isinstance(kind, str) else None

    def instances(self, doc: int) -> list[Any]:
        """lm-eval's requests of one doc."""
        if doc not in self._instances:
            self._instances[doc] = self._prompts.instances(doc)
        return self._instances[doc]

    def arguments(self, doc: int) -> list[tuple[Any, ...]]:
        """What the model is asked for one doc: the arguments of each request."""
        return [instance.args for instance in self.instances(doc)]

    def question(self, doc: int) -> str:
        """The doc's own question, as people read it."""
        return question_text(self.task, self.docs[doc])

    def gold(self, doc: int) -> str:
        """The doc's right answer, as people read it."""
        return gold_text(self.task, self.docs[doc])

    def judge(self, doc: int, responses: Sequence[Any]) -> tuple[float, str]:
        """One doc's score and the answer's text, from one response per request.

        Filters and metrics are the task's own. Raises SuiteError when the metric does not exist.
        """
        instances = self.instances(doc)
        for instance, response in zip(instances, responses, strict=True):
            # Greedy answers repeat themselves: `repeats` changes what filters see, nothing else.
            instance.resps = [response] * max(1, instance.repeats or 1)
            instance.filtered_resps = {}
        self.task._instances = instances
        self.task.apply_filters()
        names = list(instances[0].filtered_resps)
        if self._filter and self._filter not in names:
            raise SuiteError(
                f"Task {self.name} has no filter {self._filter!r}.",
                f"It has: {', '.join(names)}.",
            )
        name = self._filter or names[0]
        filtered = [instance.filtered_resps[name] for instance in instances]
        values = self.task.process_results(self.docs[doc], filtered)
        score = metric_value(self.task, self.metric, values)
        return score, answer_text(self.task, self.metric, self.docs[doc], filtered)

    def _require_metric(self) -> None:
        fixed = self.output_type != "generate_until" and not callable(
            getattr(self.task.config, "process_results", None)
        )
        if fixed and self.metric not in (known := self.task.aggregation()):
            raise SuiteError(
                f"Task {self.name} has no metric {self.metric!r}.",
                f"It has: {', '.join(sorted(known))}.",
            )

    def _require_groups(self) -> None:
        field = self.ref.group_by
        for number, doc in enumerate(self.docs if field else ()):
            if not isinstance(doc, dict) or doc.get(field) in (None, ""):
                raise SuiteError(
                    f"Task {self.name}: doc {number} has no field {field!r}, by which the suite "
                    "groups its docs.",
                    "Fix `group_by` in suite.yaml, or the data.",
                )

    def _digest(self) -> str:
        """Everything that a score of this task depends on, except the model."""
        import lm_eval

        config = self.task.dump_config()
        files = sorted({file for value in _callables(self.task.config) if (file := _source(value))})
        for key in ("metadata", "dataset_kwargs", "fewshot_config"):
            config.pop(key, None)  # paths of this machine; the docs themselves are in the digest
        shots = int(self.task.get_config("num_fewshot") or 0)
        examples = list(self.task.fewshot_docs() or []) if shots else []
        chat = self._prompts.chat
        return digest_json(
            {
                "lm_eval": lm_eval.__version__,
                "config": _plain(config),
                "few_shot_config": _plain(vars(self.task.fewshot_cfg))
                if hasattr(self.task, "fewshot_cfg")
                else "",
                "functions": [digest_file(file) for file in files],
                "metric": self.ref.metric,
                "docs": _plain(self.docs),
                "few_shot": [shots, FEW_SHOT_SEED, _plain(examples)],
                "system_prompt": self._prompts.system_prompt,
                "chat": chat.digest if chat else None,
            }
        )


def _plain(value: Any) -> str:
    """Digest of any data; functions count by their name, their files are digested separately."""

    def name(item: Any) -> str:
        return getattr(item, "__qualname__", None) or str(item)

    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=name)
    return digest_bytes(text.encode())


def _callables(config: Any) -> list[Any]:
    found: list[Any] = []

    def visit(value: Any) -> None:
        if callable(value):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                visit(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                visit(part)

    visit(dict(vars(config)))
    return found


def _source(function: Any) -> Path | None:
    try:
        return Path(inspect.getfile(function))
    except (TypeError, OSError):
        return None
