"""`gate schema`: the JSON Schemas that scripts and editors read."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument("kind", type=click.Choice(["report", "policy", "run"]))
def command(kind: str) -> None:
    """Print the JSON Schema of a report, a policy, or a run manifest."""
    schema: dict[str, object]
    if kind == "report":
        from gatekeeper.report.json_document import report_schema

        schema = report_schema()
    elif kind == "policy":
        from gatekeeper.policy import policy_schema

        schema = policy_schema()
    else:
        from gatekeeper.evidence import RunManifest

        schema = RunManifest.model_json_schema()
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
