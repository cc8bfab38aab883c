"""On real weights too: a slice of each output type, base and adapter, against lm-eval's runner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tiny
import torch
from cast import save_adapter
from side_by_side import hf_runner, lm_eval_samples
from test_equality import assert_same_response

from gatekeeper.base.pin import pin_base
from gatekeeper.candidate.folder import read_adapter
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.model.loaded_base import load_base
from gatekeeper.scoring.tasks.loaded_task import load_tasks
from gatekeeper.suite import BUILTIN_FOLDER

pytestmark = pytest.mark.real

DOCS = 3
METRICS = {
    "gk_grammar": "acc",
    "gk_reading": "acc",
    "gk_instructions": "followed",
    "last_word": "acc",
    "rolling": "word_perplexity",
    "words": "exact_match",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    for pattern in ("*.yaml", "*.jsonl", "*.py"):
        for file in (BUILTIN_FOLDER / "general").glob(pattern):
            shutil.copy(file, folder)
    (folder / "suite.yaml").unlink()
    tiny.last_word_task(folder)
    tiny.rolling_task(folder, docs=1, words=40)
    tiny.words_task(folder, until=["\n"], max_gen_toks=8)
    return folder


@pytest.mark.parametrize("kind", ["base", "adapter"])
def test_real_weights_score_as_in_lm_eval(
    kind: str, folder: Path, embedded_base: Path, tmp_path: Path
) -> None:
    base = ModelFolder(embedded_base)
    loaded = load_base(base, pin_base(base, "real", "float32"), "cpu")
    candidate = None
    if kind == "adapter":
        adapter = save_adapter(embedded_base, tmp_path / "adapter", r=8, strength=0.02)
        candidate = read_adapter(adapter).digest
        loaded.attach(adapter, candidate)
    suite = tiny.suite(folder, list(METRICS.items()))
    with loaded.arm(candidate) as module, torch.inference_mode():
        runner = hf_runner(module, loaded.tokenizer, batch_size=4)
        expected = lm_eval_samples(folder, list(METRICS), runner, limit=DOCS)
    engine = PackedEngine(loaded)
    for name, (task,) in load_tasks(suite, loaded.tokenizer).items():
        docs = range(min(DOCS, len(task)))
        scores = engine.score(task, docs, candidate)
        for doc, answer in enumerate(engine.answers(task, docs, candidate)):
            sample = expected[name][doc]
            assert task.arguments(doc) == [tuple(args) for args in sample["arguments"]]
            for mine, (theirs,) in zip(answer.responses, sample["resps"], strict=True):
                assert_same_response(mine, theirs)
            value = sample[METRICS[name]]
            if not isinstance(value, tuple):
                assert scores[doc].score == value
    assert engine.notes == []
