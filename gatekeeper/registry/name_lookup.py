"""Names: from what a person types to a digest or a check id. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gatekeeper.errors import RegistryError
from gatekeeper.phrases import count, did_you_mean
from gatekeeper.registry.events import BASE
from gatekeeper.registry.state import State

__all__ = ["resolve"]

_PREFIX = re.compile(r"^(sha256:)?[0-9a-f]{4,64}$")
_CHECK_PREFIX = re.compile(r"^c-[0-9a-f]{1,12}$")
_VERSIONED = re.compile(r"^(.+)@(\d+)$")


def resolve(state: State, name: str) -> str:
    """Digest (`sha256:...`), check id (`c-...`) or `base` that a name refers to.

    Understands check ids and digests, whole or by prefix (four hex digits at least), channels
    (what serves there), adapter names (the newest) and `name@3`. Raises RegistryError, with the
    nearest names, when it refers to nothing or to several things.
    """
    if name == BASE:
        return BASE
    found = _meanings(state, name)
    if len(found) == 1:
        return found.popitem()[0]
    if found:
        listed = "; ".join(f"{target[:19]} ({how})" for target, how in sorted(found.items()))
        raise RegistryError(f"{name!r} is ambiguous: {listed}.", "Use more characters.")
    raise RegistryError(
        f"Nothing here is called {name!r}.",
        did_you_mean(name, _known(state), most=3).rstrip() or "`gate log` shows what there is.",
    )


def _meanings(state: State, name: str) -> dict[str, str]:
    """What a name may refer to -> how."""
    if name in state.checks:
        return {name: "check"}
    if name in state.adapters:
        return {name: "digest"}
    found: dict[str, str] = {}
    if name in state.channels:
        found[state.channels[name].serving.target] = "channel"
    if name in state.names:
        found.setdefault(state.names[name][-1], "name")
    elif (versioned := _VERSIONED.match(name)) and versioned[1] in state.names:
        digests = state.names[versioned[1]]
        if not 1 <= int(versioned[2]) <= len(digests):
            raise RegistryError(
                f"{versioned[1]} has {count(len(digests), 'version')}, but no {versioned[2]}.",
                f"Use {versioned[1]}@1 to {versioned[1]}@{len(digests)}.",
            )
        found[digests[int(versioned[2]) - 1]] = "version"
    if not found and _PREFIX.match(name):
        prefix = "sha256:" + name.removeprefix("sha256:")
        found.update({d: "digest" for d in state.adapters if d.startswith(prefix)})
    if not found and _CHECK_PREFIX.match(name):
        found.update({c: "check" for c in state.checks if c.startswith(name)})
    return found


def _known(state: State) -> Iterable[str]:
    yield from state.names
    yield from state.channels
    yield from state.checks
    yield from (digest.removeprefix("sha256:")[:12] for digest in state.adapters)
