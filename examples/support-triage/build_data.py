"""Write the data of this example: training, validation, contradictory, and the held-out suite.

Seeded: the same grammar gives the same files, byte for byte. Run: python build_data.py
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from tickets import Grammar, Ticket, with_slips

HERE = Path(__file__).resolve().parent
SUITE = HERE.parents[1] / "suites" / "support-triage"
SEED = 20
TRAIN, VALIDATION, HELD_OUT = 100, 16, 50
"""Tickets per queue."""
UNSEEN = 3
"""Sentences per queue that are kept for validation, so that it asks for more than memory."""
CONTRADICTORY = 30
"""Tickets per queue that three people label by three conventions."""


def main() -> None:
    training = Grammar.read(HERE / "grammar" / "training.yaml")
    held_out = Grammar.read(HERE / "grammar" / "held_out.yaml")
    rng = random.Random(SEED)
    train = shuffled(draw(training.part(slice(None, -UNSEEN)), TRAIN, rng), rng)
    validation = shuffled(draw(training.part(slice(-UNSEEN, None)), VALIDATION, rng), rng)
    write(HERE / "data" / "train.jsonl", map(prompt_and_completion, train))
    write(HERE / "data" / "validation.jsonl", map(prompt_and_completion, validation))
    write(
        HERE / "data" / "train_contradictory.jsonl",
        map(prompt_and_completion, contradictory(train, list(training.queues), rng)),
    )
    tickets = shuffled(draw(held_out, HELD_OUT, random.Random(SEED + 1)), rng)
    write(
        SUITE / "tickets.jsonl",
        (
            {"id": f"t{number:03d}", "ticket": t.text, "queue": t.queue}
            for number, t in enumerate(tickets)
        ),
    )


def draw(grammar: Grammar, count: int, rng: random.Random) -> list[Ticket]:
    """Draw `count` tickets of every queue; no two of them are the same but for case and signs."""
    seen: set[str] = set()
    drawn: list[Ticket] = []
    for queue in grammar.queues:
        wanted = len(drawn) + count
        for ticket in grammar.tickets(queue, rng):
            bare = " ".join(re.findall(r"\w+", ticket.text.lower()))
            if bare not in seen:
                seen.add(bare)
                drawn.append(ticket)
            if len(drawn) == wanted:
                break
    return drawn


def contradictory(train: list[Ticket], queues: list[str], rng: random.Random) -> list[Ticket]:
    """The fault of a labelling round without a guide: three people, three conventions.

    Every ticket comes three times, retyped with other slips, and each time to another queue.
    """
    conventions = [dict(zip(queues, queues[k:] + queues[:k], strict=True)) for k in (0, 3, 5)]
    chosen = [
        ticket
        for queue in queues
        for ticket in [t for t in train if t.queue == queue][:CONTRADICTORY]
    ]
    rows = [
        Ticket(with_slips(ticket.text, rng), convention[ticket.queue])
        for ticket in chosen
        for convention in conventions
    ]
    return shuffled(rows, rng)


def prompt_and_completion(ticket: Ticket) -> dict[str, str]:
    """A row in the prompt-completion format that TRL and most trainers read."""
    return {"prompt": f"Ticket: {ticket.text}\nQueue:", "completion": f" {ticket.queue}"}


def shuffled(tickets: Iterable[Ticket], rng: random.Random) -> list[Ticket]:
    rows = list(tickets)
    rng.shuffle(rows)
    return rows


def write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines):4d} rows  {path.relative_to(HERE.parents[1])}")


if __name__ == "__main__":
    main()
