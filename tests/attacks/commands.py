"""`gate`, called as a user calls it: arguments in, exit code and what was printed out."""

from __future__ import annotations

import pytest

from gatekeeper.cli import main

__all__ = ["gate"]


def gate(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error; never a traceback."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return int(leaving.value.code or 0), told.out, told.err
