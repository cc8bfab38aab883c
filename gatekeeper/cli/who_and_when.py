"""Who and when: the edge where clock and user are read. Everything else receives them."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatekeeper.registry import By

__all__ = ["by", "now", "who"]


def by(why: str | None = None) -> By:
    """This user, now, for this reason: the author of what a command records."""
    from gatekeeper.registry import By

    return By(who(), now(), why)


def now() -> str:
    """UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def who() -> str:
    """The user that runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
