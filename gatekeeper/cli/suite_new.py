"""`gate suite new`: a suite of your own from held-out data."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.authoring.held_out_rows import HeldOut, read_source
from gatekeeper.authoring.suite_draft import Draft, Fields, draft_suite, settled
from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import config_option, gathered, settings_from

held_options = gathered(
    "held",
    HeldOut,
    ref=click.option(
        "--from",
        "ref",
        required=True,
        metavar="DATA",
        help="JSONL, JSON, CSV or Parquet file, or the id of a data set on the hub.",
    ),
    subset=click.option("--subset", help="Subset (configuration) of a hub data set."),
    split=click.option(
        "--split", default="test", show_default=True, help="Split of a hub data set."
    ),
)
field_options = gathered(
    "fields",
    Fields,
    question=click.option(
        "--question",
        metavar="FIELD",
        default="",
        show_default=False,
        help="Field, or a template such as 'Ticket: {text}\\nQueue:' (default: messages).",
    ),
    answer=click.option("--answer", metavar="FIELD", help="Field with the right answer."),
    choices=click.option(
        "--choices",
        metavar="FIELDS",
        help="Field with a list, or several fields or labels, separated by commas. Default: the "
        "distinct answers if there are few, else the answer is generated.",
    ),
    generate=click.option(
        "--generate", is_flag=True, help="Let the model write the answer, judged by exact match."
    ),
    chat=click.option("--chat", is_flag=True, help="Ask through the base's chat template."),
    group_by=click.option(
        "--group-by",
        metavar="FIELD",
        help="Field that several questions share, such as their passage: a check draws one of "
        "each.",
    ),
)


@click.command()
@click.argument("name")
@held_options
@field_options
@click.option(
    "--train",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Training file; held-out data that overlaps it is refused.",
)
@click.option(
    "--role",
    type=click.Choice(["task", "forgetting"]),
    default="task",
    show_default=True,
    help="Did it learn, or what did it lose?",
)
@click.option(
    "--samples",
    type=click.IntRange(min=20),
    default=2000,
    show_default=True,
    help="Maximum number of samples; from more rows, they are drawn with a fixed seed.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of suites (default: the first in gate.yaml, else ./suites).",
)
@config_option
def new(
    name: str,
    held: HeldOut,
    fields: Fields,
    train: Path | None,
    role: str,
    samples: int,
    out: Path | None,
    config: Path | None,
) -> None:
    """Create the suite NAME from held-out data, ready for `gate check`."""
    from gatekeeper.authoring.write_suite import require_apart, write_suite
    from gatekeeper.evidence import Role

    settings = settings_from(config)
    folder = out or (settings.suites[0] if settings.suites else Path("suites"))
    source = read_source(held)
    fields = settled(fields, source)
    draft = draft_suite(source, fields, samples)
    compared = None
    if train is not None:
        rows = require_apart(name, source, draft, train)
        compared = f"{train} ({rows} rows)"
    target = write_suite(
        folder, name, draft, source, role=Role(role), chat=fields.chat, compared=compared
    )
    _say_written(target, draft, fields, compared)
    say()
    say("Next:")
    say(f"  gate suite check {name}")
    if role == "task":
        say(f"  and in the policy:  task: {{suite: {name}, bar: 0.80, min_gain: 0.05}}")


def _say_written(target: Path, draft: Draft, fields: Fields, compared: str | None) -> None:
    form = f"{len(draft.samples[0].choices)} choices" if draft.samples[0].choices else "generated"
    say(f"wrote  {target}: {len(draft.samples)} samples, answers: {form}")
    if fields.group_by:
        groups = len({sample.group for sample in draft.samples})
        say(f"       in {groups} groups by {fields.group_by}; one sample is drawn from each")
    if draft.repeated:
        say(f"       {draft.repeated} repeated rows were left out")
    if compared:
        say(f"       no overlap with {compared}")
    else:
        say("       not compared with training data: give --train FILE, or leave it to gate check")
