"""`gate lineage`: where an adapter comes from and what became of it, as a tree or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE
from gatekeeper.cli.shared_options import registry_option, settings_from

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from gatekeeper.registry.lineage import LineageNode

STYLES = {
    "base": "bold",
    "adapter": "cyan",
    "promotion": "green",
    "forced-promotion": "yellow",
    "rollback": "red",
}


@click.command("lineage")
@click.argument("name", type=CANDIDATE)
@registry_option
@click.option(
    "--svg", "svg_to", type=click.Path(path_type=Path), help="Also draw it as an SVG file."
)
def command(name: str, registry: str | None, config: Path | None, svg_to: Path | None) -> None:
    """Show where NAME (adapter, digest, check or channel) comes from and what became of it."""
    from rich.tree import Tree

    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.cli.open_registry import named
    from gatekeeper.registry import Registry

    store = Registry.open(settings_from(config, registry=registry).registry)
    root = store.lineage(named(name))
    tree = Tree(_label(root), guide_style="dim")
    _grow(tree, root)
    standard_output().print(tree)
    if svg_to is not None:
        _draw(root, name, svg_to)


def _grow(tree: Tree, node: LineageNode) -> None:
    for child in node.children:
        _grow(tree.add(_label(child)), child)


def _label(node: LineageNode) -> Text:
    """Names and reasons are untrusted: they become text, never markup."""
    from rich.text import Text

    from gatekeeper.report.visible_text import one_line

    text = Text(overflow="fold")
    if node.sequence is not None:
        text.append(f"{node.sequence} ", "dim")
    if node.link:
        text.append(f"{one_line(node.link)}: ", "dim")
    style = STYLES.get(node.kind, "")
    text.append(one_line(node.label), f"{style} bold underline" if node.focus else style)
    told = ", ".join(part for part in (node.note, node.at and node.at[:10]) if part)
    if told:
        text.append(f"  {one_line(told)}", "dim")
    return text


def _draw(root: LineageNode, name: str, file: Path) -> None:
    from gatekeeper.cli.report_files import write_out
    from gatekeeper.report.from_registry import tree_of
    from gatekeeper.report.html.charts.lineage_tree import lineage_svg

    write_out(file, lineage_svg(tree_of(root), f"Lineage of {name}"))
    say(f"drawn: {file}", err=True)
