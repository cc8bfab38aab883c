"""Options that many commands share, resolved into Settings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gatekeeper.extras import require

if TYPE_CHECKING:
    from gatekeeper.settings import Settings

__all__ = [
    "base_options",
    "config_option",
    "gathered",
    "needs",
    "registry_option",
    "settings_from",
]

F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """--config FILE."""
    return click.option(
        "--config", type=click.Path(path_type=Path), help="gate.yaml to use (default: nearest)."
    )(function)


def registry_option(function: F) -> F:
    """--registry DIR and --config FILE."""
    return config_option(
        click.option(
            "--registry",
            metavar="DIR",
            help="Registry folder (default: .gate next to gate.yaml).",
        )(function)
    )


def base_options(function: F) -> F:
    """--base, --revision, --dtype, --quantization."""
    for option in (
        click.option(
            "--quantization", type=click.Choice(["none", "nf4"]), help="Quantization of the base."
        ),
        click.option(
            "--dtype",
            type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
            help="Data type in which base and candidate compute (auto: float32 on a CPU).",
        ),
        click.option("--revision", help="Revision of a hub base (a commit hash)."),
        click.option("--base", help="Base model: folder, hub id, or embedded name."),
    ):
        function = option(function)
    return function


def gathered(
    into: str, make: Callable[..., Any], **options: Callable[[Any], Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options that belong together, passed to a command as the one value `into`.

    `options` gives each parameter of `make` its click option, in the order of the help.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def collected(**given: Any) -> Any:
            parts = {name: given.pop(name) for name in options}
            return function(**{into: make(**parts)}, **given)

        for option in reversed(options.values()):
            collected = option(collected)
        return collected

    return decorate


def needs(extra: str) -> Callable[[F], F]:
    """A command that cannot begin without an extra of the install; raises MissingExtra there."""

    def guard(function: F) -> F:
        @functools.wraps(function)
        def guarded(*arguments: Any, **options: Any) -> Any:
            require(extra, f"`{click.get_current_context().command_path}`")
            return function(*arguments, **options)

        return guarded  # type: ignore[return-value]

    return guard


def settings_from(config: Path | None = None, **flags: Any) -> Settings:
    """Resolve flags, environment and file, from the current folder."""
    from gatekeeper.settings import settle

    return settle(flags, start=Path.cwd(), config=config)
