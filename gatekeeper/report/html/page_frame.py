"""What every page of ours has: its template's environment, its style, its content policy.

No network, and nothing that runs except one script of ours, pinned by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from gatekeeper.report.html.charts.update_grid import size_of
from gatekeeper.report.visible_text import one_line, visible
from gatekeeper.report.wording import (
    MARKS,
    estimate_text,
    interval_text,
    limit_text,
    name_of,
    outcome_word,
    percent,
    points,
    reason_text,
    when,
)

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["WIDE", "render_page", "wide_and_narrow"]

WIDE, _NARROW = 860, 340
_TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, script: str | None = None, **context: Any) -> str:
    """Render a template with the style of all pages and, if one is named, a script.

    The template escapes everything; the content security policy lets neither a foreign script nor
    an image nor a request through.
    """
    style = _asset("report.css")
    runs = _asset(script) if script else None
    allowed = f"script-src {_hash(runs)}; " if runs else ""
    context |= {"script": runs} if runs else {}
    return (
        _templates()
        .get_template(template)
        .render(
            style=style,
            policy=f"default-src 'none'; style-src {_hash(style)}; {allowed}img-src data:; "
            "base-uri 'none'; form-action 'none'",
            **context,
        )
    )


def wide_and_narrow(draw: Callable[[int, str], Markup], name: str) -> Markup:
    """The same chart for a desk and for a phone; the style sheet shows one of them."""
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(
        draw(WIDE, f"{name}-w"), draw(_NARROW, f"{name}-n")
    )


@cache
def _templates() -> Environment:
    """Jinja with escaping always on and undefined names an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        estimate=estimate_text,
        interval=interval_text,
        limit=limit_text,
        line=one_line,
        number=lambda value: f"{value:,}",
        percent=percent,
        points=points,
        reason=reason_text,
        rule_name=name_of,
        size=size_of,
        visible=visible,
        when=when,
        word=outcome_word,
    )
    environment.globals.update(MARKS=MARKS)
    return environment


@cache
def _asset(name: str) -> Markup:
    """One of our own files, inserted into the page as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    """Hash of an inline script or style as a content security policy writes it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
