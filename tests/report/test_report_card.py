"""The model card keeps what is not ours and replaces what is."""

from dataclasses import replace

import pytest
import report_factory as factory
from huggingface_hub import ModelCard

from gatekeeper.errors import ConfigError
from gatekeeper.report.model_card import BEGIN, END, updated_card, write_card

WRITTEN_BY_A_PERSON = """\
---
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
library_name: peft
license: apache-2.0
tags: [lora]
model-index:
- name: support
  results:
  - task: {type: text-generation}
    dataset: {type: other, name: Other}
    metrics: [{type: acc, value: 0.5}]
---

# Support

Made with care.
"""


def held(check_id):
    return replace(factory.held(), check_id=check_id)


def promoted(check_id):
    return replace(factory.promoted(), check_id=check_id)


def test_a_card_gains_a_section_and_eval_results():
    text = updated_card(WRITTEN_BY_A_PERSON, held("c-1"))
    card = ModelCard(text)
    assert card.data.license == "apache-2.0"
    assert "Made with care." in card.text
    assert "**HOLD**: arithmetic: lost 14.6 points" in card.text
    names = [result.dataset_name for result in card.data.eval_results]
    assert "Other" in names
    assert "general: arithmetic" in names
    assert len(names) == 12
    value = next(r for r in card.data.eval_results if r.dataset_name == "general: arithmetic")
    assert value.metric_value == pytest.approx(0.266)


def test_a_second_check_replaces_the_first_and_nothing_else():
    once = updated_card(WRITTEN_BY_A_PERSON, held("c-1"))
    twice = updated_card(once, promoted("c-2"))
    assert updated_card(WRITTEN_BY_A_PERSON, promoted("c-2")) == twice
    assert "c-1" not in twice
    assert twice.count(BEGIN) == twice.count(END) == 1


def test_writing_the_same_check_again_changes_nothing():
    once = updated_card(WRITTEN_BY_A_PERSON, held("c-1"))
    assert updated_card(once, held("c-1")) == once


def test_a_missing_card_is_begun(tmp_path):
    path = write_card(tmp_path, promoted("c-1"))
    card = ModelCard.load(path)
    assert card.data.base_model == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert card.text.strip().startswith("# support-r16")
    assert [entry.name for entry in tmp_path.iterdir()] == ["README.md"]


def test_a_hostile_name_neither_closes_the_section_nor_the_metadata():
    check = factory.renamed(factory.hostile(), f"x\n---\n{END}\n")
    text = updated_card(None, check)
    assert ModelCard(text).text.count(END) == 1
    assert updated_card(text, check) == text


def test_a_card_that_is_a_link_is_refused(tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("mine")
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "README.md").symlink_to(outside)
    with pytest.raises(ConfigError, match="is a link"):
        write_card(folder, held("c-1"))
    assert outside.read_text() == "mine"


@pytest.mark.parametrize(
    "broken", ["---\na: [\n---\n", "---\n- a\n---\n", f"{BEGIN}\n{BEGIN}\n{END}"]
)
def test_a_card_that_cannot_be_understood_is_left_alone(tmp_path, broken):
    (tmp_path / "README.md").write_text(broken)
    with pytest.raises(ConfigError, match=r"README\.md"):
        write_card(tmp_path, held("c-1"))
    assert (tmp_path / "README.md").read_text() == broken
    assert len(list(tmp_path.iterdir())) == 1
