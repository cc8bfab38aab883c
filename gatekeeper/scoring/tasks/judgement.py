"""From a task's own metrics to one number per doc, and to texts that people read.

Scores are oriented so that higher is better: a metric that lm-eval marks as lower-is-better is
negated. Corpus perplexities have no value per doc but a pair (log-likelihood, length): their score
is the log-likelihood per word or byte in nats (in bits for `bits_per_byte`). Metrics that exist
only over a whole set (f1, mcc, bleu) are refused: there is nothing to pair.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from gatekeeper.errors import SuiteError

__all__ = ["answer_text", "gold_text", "metric_value", "question_text"]

_PER_LENGTH = {"word_perplexity": 1.0, "byte_perplexity": 1.0, "bits_per_byte": math.log(2)}


def metric_value(task: Any, metric: str, values: Mapping[str, Any]) -> float:
    """One doc's score by `metric`, higher is better.

    Raises SuiteError when the task does not have this metric, or not per doc.
    """
    if metric not in values:
        raise SuiteError(
            f"Task {task.config.task} has no metric {metric!r}.",
            f"It has: {', '.join(sorted(values))}.",
        )
    value = values[metric]
    if metric in _PER_LENGTH and isinstance(value, tuple):
        likelihood, length = value
        return float(likelihood) / (max(1, int(length)) * _PER_LENGTH[metric])
    if not isinstance(value, numbers.Real):
        single = getattr(value, "item", None)
        if single is None or getattr(value, "size", 1) != 1:
            raise SuiteError(
                f"Metric {metric!r} of task {task.config.task} has no value for a single doc.",
                "Choose one that scores each doc, such as acc or exact_match.",
            )
        value = single()
    better = task.higher_is_better().get(metric, True)
    # A task's log-likelihood ("perplexity" of a single continuation) is already better when higher.
    if not better and not (metric == "perplexity" and task.OUTPUT_TYPE == "loglikelihood"):
        return -float(value)
    return float(value)


def question_text(task: Any, doc: Any) -> str:
    """The doc's own question, without few-shot examples; or its choices, where it has none."""
    text = task.doc_to_text(doc)
    if isinstance(text, str) and (text.strip() or task.OUTPUT_TYPE != "multiple_choice"):
        return text
    return " / ".join(str(choice) for choice in _choices(task, doc))


def gold_text(task: Any, doc: Any) -> str:
    """The right answer."""
    choices = _choices(task, doc)
    gold = task.doc_to_text(doc) if getattr(task, "multiple_input", 0) else task.doc_to_target(doc)
    golds = gold if isinstance(gold, list) else [gold]
    return " | ".join(
        str(choices[g]) if isinstance(g, int) and 0 <= g < len(choices) else str(g) for g in golds
    )


def answer_text(task: Any, metric: str, doc: Any, responses: Sequence[Any]) -> str:
    """What the model answered: the choice that `metric` looks at, or its own words."""
    kind = task.OUTPUT_TYPE
    if kind == "generate_until":
        return str(responses[0])
    if kind == "loglikelihood_rolling":
        return f"log-likelihood {float(responses[0]):.4f}"
    if kind == "loglikelihood":
        likelihood, greedy = responses[0]
        said = "says this" if greedy else "says something else"
        return f"{said} (log-likelihood {likelihood:.4f})"
    choices = _choices(task, doc)
    found = [float(likelihood) for likelihood, _ in responses]
    if metric == "acc_mutual_info":
        found = [a - b for a, b in zip(found, found[len(choices) :], strict=False)]
    elif metric == "acc_norm":
        found = [f / max(1, len(c)) for f, c in zip(found, choices, strict=False)]
    elif metric == "acc_bytes":
        found = [f / max(1, len(c.encode())) for f, c in zip(found, choices, strict=False)]
    return str(choices[max(range(len(choices)), key=found.__getitem__)])


def _choices(task: Any, doc: Any) -> list[Any]:
    if getattr(task.config, "doc_to_choice", None) is None:
        return []
    return list(task.doc_to_choice(doc))
