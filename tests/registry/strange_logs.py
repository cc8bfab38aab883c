"""Logs that no writer would write: well sealed, well chained, and full of nonsense.

Strategies for hypothesis. Whoever can write the folder can write such a log; reading it must never
end in a traceback, and never in a promotion without a verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from gatekeeper.digests import digest_json
from gatekeeper.errors import GateError
from gatekeeper.registry import Registry
from gatekeeper.registry.event_log import event_file
from gatekeeper.registry.sealed_json import seal
from gatekeeper.verdict import Decision

__all__ = ["bodies", "json_values", "read_everything", "write_log"]

DIGESTS = [digest_json(number) for number in range(4)]
CHECKS = ["c-" + 11 * "0" + str(number) for number in range(4)]
FILES = ["evidence.json", "verdict.json", "policy.yaml", "samples.jsonl.gz"]
CHANNELS = ["production", "staging"]

digest = st.sampled_from(DIGESTS)
check_id = st.sampled_from(CHECKS)
target = st.sampled_from(["base", *DIGESTS])
channel = st.sampled_from(CHANNELS)
text = st.text(max_size=8)
maybe = st.none()

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)

_move = {
    "channel": channel,
    "target": target,
    "target_kind": st.sampled_from(["adapter", "checkpoint", "base"]),
    "before": target,
    "base_digest": maybe | digest,
    "check_id": maybe | check_id,
}
_run = st.fixed_dictionaries(
    {"name": text, "digest": digest, "method": text},
    optional={
        "parent": maybe | digest,
        "escalated_from": maybe | check_id | text,
        "rescaled_from": maybe | digest,
        "dataset_digest": maybe | digest,
    },
)
_kinds: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "check-recorded": {
        "check_id": check_id,
        "name": st.sampled_from(["a", "b", "production", "a@1"]),
        "candidate_kind": st.sampled_from(["adapter", "checkpoint", "base"]),
        "candidate": digest,
        "object_manifest": maybe | digest,
        "base_name": text,
        "base_digest": digest,
        "decision": st.sampled_from([decision.value for decision in Decision]),
        "exit_code": st.integers(0, 40),
        "policy_name": st.sampled_from(["default", "strict"]),
        "policy_digest": digest,
        "evidence_digest": digest,
        "run": maybe | _run,
        "files": st.fixed_dictionaries(dict.fromkeys(FILES, digest))
        | st.dictionaries(st.sampled_from([*FILES, "../../x", ""]), digest),
    },
    "refused": {"name": text, "source": text, "text": text, "candidate": maybe | digest},
    "promoted": _move,
    "force-promoted": {**_move, "overridden": text},
    "rolled-back": _move,
    "rescaled": {
        "source": digest,
        "result": digest,
        "object_manifest": digest,
        "factor": st.floats(-2, 2),
        "name": text,
    },
    "retired": {"candidate": digest},
    "policy-changed": {"channel": channel, "policy_name": text, "policy_digest": text},
    "imported": {
        "candidate": digest,
        "candidate_kind": st.sampled_from(["adapter", "checkpoint"]),
        "object_manifest": digest,
        "name": text,
        "source": text,
    },
}


@st.composite
def bodies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The events of a whole log, without number and chain."""
    kinds = draw(st.lists(st.sampled_from(sorted(_kinds)), max_size=10))
    return [{"type": kind, **draw(st.fixed_dictionaries(_kinds[kind]))} for kind in kinds]


def write_log(root: Path, events: list[dict[str, Any]]) -> Registry:
    """Write events as a well-formed log into a registry."""
    registry = Registry.create(root)
    previous = None
    for number, body in enumerate(events, 1):
        event = {
            "schema_id": "gatekeeper/event/v1",
            "sequence": number,
            "previous": previous,
            "at": "now",
            "who": "mallory",
            **body,
        }
        data, previous = seal(event)
        (registry.log.folder / event_file(number)).write_bytes(data)
    return registry


def read_everything(registry: Registry) -> None:
    """Every way of reading. Raises only what is no typed error."""
    names = [*DIGESTS, *CHECKS, *CHANNELS, "a", "a@1", "a@2", "base", DIGESTS[0][7:15], "zz"]
    for name in names:
        for read in (registry.resolve, registry.lineage, registry.load_check, registry.object_path):
            try:
                read(name)
            except GateError:
                continue
    try:
        registry.verify()
        registry.gc(dry_run=True, min_age=0)
    except GateError:
        pass
