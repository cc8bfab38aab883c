"""`gate lineage`: where an adapter comes from, as a tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.settings_options import registry_option, settings_from

if TYPE_CHECKING:
    from rich.tree import Tree

    from gatekeeper.registry.lineage import LineageNode


@click.command("lineage")
@click.argument("name")
@registry_option
def command(name: str, registry: str | None, config: Path | None) -> None:
    """Where NAME (adapter, digest, check or channel) comes from and what became of it."""
    from rich.tree import Tree

    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.registry import Registry

    store = Registry.open(settings_from(config, registry=registry).registry)
    root = store.lineage(name)
    tree = Tree(_label(root))
    _grow(tree, root)
    standard_output().print(tree, markup=False)


def _grow(tree: Tree, node: LineageNode) -> None:
    for child in node.children:
        _grow(tree.add(_label(child)), child)


def _label(node: LineageNode) -> str:
    from rich.markup import escape

    from gatekeeper.cli.plain import printable

    link = f"{node.link}: " if node.link else ""
    note = f"  {node.note}" if node.note else ""
    text = escape(printable(f"{link}{node.label}{note}"))
    return f"[bold]{text}[/bold]" if node.focus else text
