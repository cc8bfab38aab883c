"""Names on the command line: how a shell completes them, and which check they refer to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from gatekeeper.cli.shared_options import settings_from
from gatekeeper.errors import GateError, RegistryError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.registry.state import State
    from gatekeeper.settings import Settings

__all__ = [
    "CANDIDATE",
    "CHANNEL",
    "CHECKED",
    "POLICY",
    "check_named",
    "refuse_slip",
    "require_channel",
]

_LATEST_CHECKS = 30


class _Completed(click.ParamType[str]):
    """Any text; completed with names from the registry or folder. Never raises, never slow."""

    name = "text"

    def known(self, context: click.Context) -> Iterable[tuple[str, str]]:
        """Names with a word about each."""
        raise NotImplementedError

    def files(self, incomplete: str) -> list[CompletionItem]:
        """Paths as well, where a name may be a path."""
        return []

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Everything known that begins with what was typed."""
        try:
            found = [
                CompletionItem(name, help=told)
                for name, told in self.known(ctx)
                if name.startswith(incomplete)
            ]
        except (GateError, OSError):
            found = []
        return found + self.files(incomplete)


class _Candidate(_Completed):
    """An adapter or check in the registry, or a channel."""

    def known(self, context: click.Context) -> Iterable[tuple[str, str]]:
        """Adapter names, channels and the latest checks."""
        state = _state(context)
        for name, digests in state.names.items():
            last = state.adapters[digests[-1]].last_check
            yield name, last.decision.value if last else "not checked"
        yield from ((name, "channel") for name in state.channels)
        for check in list(state.checks.values())[: -_LATEST_CHECKS - 1 : -1]:
            yield check.check_id, f"{check.name}: {check.decision.value}"


class _Checked(_Candidate):
    """The same, or a path."""

    def files(self, incomplete: str) -> list[CompletionItem]:
        """Files and folders."""
        return [CompletionItem(incomplete, type="file")]


class _Channel(_Completed):
    """A channel that ever moved, or that gate.yaml names."""

    def known(self, context: click.Context) -> Iterable[tuple[str, str]]:
        """Channels with what they serve."""
        state, settings = _state(context), settings_from(context.params.get("config"))
        for name in sorted({*state.channels, *settings.channels, settings.channel}):
            yield name, state.label(state.channel(name).serving.target)


class _Policy(_Completed):
    """A built-in policy by name, or a file."""

    def known(self, context: click.Context) -> Iterable[tuple[str, str]]:
        """The built-in policies."""
        from gatekeeper.policy import builtin_policies

        yield from ((name, "built in") for name in builtin_policies())

    def files(self, incomplete: str) -> list[CompletionItem]:
        """Files."""
        return [CompletionItem(incomplete, type="file")]


CANDIDATE, CHECKED, CHANNEL, POLICY = _Candidate(), _Checked(), _Channel(), _Policy()


def check_named(store: Registry, name: str) -> str:
    """The named check, or the newest check of a candidate or of what a channel serves.

    A candidate may be given as its folder. Raises RegistryError when the name is unknown or was
    never checked.
    """
    from gatekeeper.cli.open_registry import named

    state, digest = store.state(), named(name)
    found = store.resolve(name) if digest == name else digest
    if found in state.checks:
        return found
    adapter = state.adapters.get(found)
    if adapter is None or adapter.last_check is None:
        raise RegistryError(f"{name} has never been checked here.", f"Run: gate check {name}")
    return adapter.last_check.check_id


def require_channel(store: Registry, settings: Settings) -> None:
    """A channel that never moved and is not configured is a typing error, not the base.

    Raises RegistryError with the nearest name.
    """
    from gatekeeper.phrases import did_you_mean

    known = {*store.state().channels, *settings.channels, "production"}
    if settings.channel not in known:
        raise RegistryError(
            f"There is no channel {settings.channel!r}.",
            f"{did_you_mean(settings.channel, known)}`gate status` shows all.",
        )


def refuse_slip(store: Registry, settings: Settings) -> None:
    """A move may create a new channel, but not through a typing error in another one's name.

    Raises RegistryError with the name that was meant.
    """
    from gatekeeper.phrases import slip_of

    known = {*store.state().channels, *settings.channels, "production"}
    if settings.channel in known:
        return
    if meant := slip_of(settings.channel, known):
        raise RegistryError(
            f"There is no channel {settings.channel!r}.",
            f"Did you mean {meant}? To create a channel with such a similar name, add it under "
            "`channels` in gate.yaml first.",
        )


def _state(context: click.Context) -> State:
    from gatekeeper.registry import Registry

    given: dict[str, Any] = context.params
    config = given.get("config")
    settings = settings_from(
        Path(config) if config is not None else None, registry=given.get("registry")
    )
    return Registry.open(settings.registry).state()
