"""Where the folders that ship with gatekeeper are: suites, policies, the registry's guide."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped"]

_PACKAGE = Path(__file__).parent.parent


def shipped(folder: str) -> Path:
    """A shipped folder: inside an installed package, or in the checkout that it runs from."""
    inside = _PACKAGE / "_data" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder
