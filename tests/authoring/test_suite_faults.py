"""Each fault in a suite's data is reported in one sentence; sound data is left alone."""

from __future__ import annotations

from collections.abc import Sequence

from gatekeeper.authoring.suite_faults import faults_of

Doc = tuple[str, Sequence[str], int]


class Docs:
    """Docs of (question, choices, index of the right one), as a task shows them."""

    def __init__(self, docs: Sequence[Doc]) -> None:
        self.docs = docs

    def __len__(self) -> int:
        return len(self.docs)

    def sample_id(self, doc: int) -> str:
        return f"t/{doc}"

    def question(self, doc: int) -> str:
        return self.docs[doc][0]

    def gold(self, doc: int) -> str:
        _, choices, right = self.docs[doc]
        return choices[right]

    def arguments(self, doc: int) -> list[tuple[object, ...]]:
        question, choices, _ = self.docs[doc]
        return [(f"{question}\nAnswer:", f" {choice}") for choice in choices]


def sound(count: int = 60) -> list[Doc]:
    return [
        (f"Which animal has number {i} in the long list?", (f"cat {i}", f"dog {i}"), i % 2)
        for i in range(count)
    ]


def told(docs: Sequence[Doc]) -> str:
    return "\n".join(faults_of(Docs(docs)))


def test_sound_data_have_no_fault() -> None:
    assert told(sound()) == ""


def test_an_empty_right_answer_is_a_fault() -> None:
    assert "t/60: the right answer is empty" in told([*sound(), ("Which?", ("", "dog"), 0)])


def test_the_same_question_twice_is_a_fault() -> None:
    assert "t/60: asks the same as t/3" in told([*sound(), sound()[3]])


def test_the_same_question_in_capitals_is_a_fault() -> None:
    question, choices, right = sound()[3]
    doc = (question.upper().replace("?", " ..."), choices, right)
    assert "t/60: asks nearly the same as t/3" in told([*sound(), doc])


def test_one_label_for_most_is_a_fault() -> None:
    docs = [(f"Ticket {i} of the day", ("yes", "no"), int(i % 5 == 0)) for i in range(60)]
    assert "80% of the right answers are 'yes'" in told(docs)


def test_one_label_for_all_is_a_fault() -> None:
    docs = [(f"Ticket {i} of the day", ("yes", "no"), 0) for i in range(60)]
    assert "every right answer is 'yes'" in told(docs)


def test_a_right_answer_that_always_stands_first_is_a_fault() -> None:
    docs = [(question, choices, 0) for question, choices, _ in sound()]
    assert "choice 1 of 2 in 100% of the samples" in told(docs)


def test_a_question_that_names_its_answer_is_a_fault() -> None:
    docs = [
        (f"File {choices[right]}: {question}", choices, right)
        for question, choices, right in sound()
    ]
    assert "the answer leaks" in told(docs)


def test_a_passage_that_names_all_choices_leaks_nothing() -> None:
    docs = [
        (f"There were {' and '.join(choices)}. {question}", choices, right)
        for question, choices, right in sound()
    ]
    assert told(docs) == ""


def test_a_prompt_that_ends_with_the_answer_is_a_fault() -> None:
    class Ending(Docs):
        def arguments(self, doc: int) -> list[tuple[object, ...]]:
            question, choices, _ = self.docs[doc]
            return [(f"{question} {self.gold(doc)}", f" {choice}") for choice in choices]

    assert "the prompt ends with its own answer" in "\n".join(faults_of(Ending(sound())))


def test_many_faults_of_one_sort_are_counted_not_listed() -> None:
    assert "more like the last one" in told([*sound(), *sound()])
