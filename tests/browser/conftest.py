"""The fixtures of chromium.py, for the tests of this folder."""

from chromium import axe, page

__all__ = ["axe", "page"]
