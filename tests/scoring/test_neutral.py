"""Drift on neutral text equals what whole logits give, and says nothing where nothing drifted."""

from __future__ import annotations

import math

import pytest
import tiny
import torch

from gatekeeper.scoring.neutral_text import compare_on_neutral_text

TEXTS = ["the cat sees a dog near the river", "one two three", "x", ""]


def test_kl_and_perplexities_are_those_of_the_whole_logits() -> None:
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="one")
    found = compare_on_neutral_text(arms, "one", TEXTS)
    assert found is not None
    kl = base_nll = own_nll = 0.0
    tokens = 0
    for text in TEXTS:
        ids = torch.tensor([arms.tokenizer(text)["input_ids"]])
        if ids.shape[1] < 2:
            continue
        with torch.no_grad():
            with arms.arm(None) as model:
                p = model(input_ids=ids).logits[0, :-1].double().log_softmax(-1)
            with arms.arm("one") as model:
                q = model(input_ids=ids).logits[0, :-1].double().log_softmax(-1)
        kl += float((p.exp() * (p - q)).sum())
        base_nll -= float(p[range(len(p)), ids[0, 1:]].sum())
        own_nll -= float(q[range(len(q)), ids[0, 1:]].sum())
        tokens += len(p)
    assert found.tokens == tokens
    assert found.kl == pytest.approx(kl / tokens, rel=1e-6)
    assert found.base_perplexity == pytest.approx(math.exp(base_nll / tokens), rel=1e-6)
    assert found.candidate_perplexity == pytest.approx(math.exp(own_nll / tokens), rel=1e-6)


def test_an_adapter_that_changes_nothing_has_no_drift() -> None:
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="one")
    for name, parameter in arms.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.zeros_(parameter)
    found = compare_on_neutral_text(arms, "one", TEXTS)
    assert found is not None
    assert found.kl == 0.0
    assert found.base_perplexity == found.candidate_perplexity


def test_no_text_of_two_tokens_gives_no_measurement() -> None:
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="one")
    assert compare_on_neutral_text(arms, "one", [""]) is None
