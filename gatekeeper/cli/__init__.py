"""The `gate` command: thin click commands, one file each, loaded only when called."""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click

from gatekeeper import __version__
from gatekeeper.errors import ExitCode, GateError

__all__ = ["gate", "main"]

COMMANDS = {
    "init": "Set up gate.yaml, a policy and a registry in this folder.",
    "check": "Check an adapter: promote, hold, or escalate, with evidence.",
    "promote": "Put a checked adapter into service on a channel.",
    "rollback": "Take what serves out of service; go back to the previous adapter or the base.",
    "status": "What each channel serves, and what was checked last.",
    "log": "Everything that happened, newest first.",
    "show": "One check, adapter or channel.",
    "lineage": "Where an adapter comes from and what became of it.",
    "escalate": "Where an adapter is on the ladder, and what to train next.",
    "rescale": "Score smaller scales of an adapter; keep one that passes.",
    "report": "The report of a check, in any format, or of the whole registry.",
    "compare": "Two candidates, or two lm-eval runs, sample by sample.",
    "diff": "What differs between two checks.",
    "card": "A check as a section of the adapter's model card.",
    "inspect": "Look at an adapter without scoring it: files, tensors, effect, detach.",
    "plan": "Before a run: how many samples each margin needs, and what they cost.",
    "policy": "Check, explain, replay and test policies.",
    "suite": "List, show, check, measure and create suites.",
    "registry": "Verify and tidy the registry; import, retire, set a policy.",
    "cache": "Show the size of the score cache, and prune it.",
    "doctor": "What this machine can do: versions, device, cache, hub, nf4.",
    "schema": "JSON Schemas of reports, policies and run manifests.",
    "completion": "Shell completion: commands, adapters, channels, policies.",
}


class LazyGroup(click.Group):
    """Imports a command's module when it is called; its help line is known without it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order of a first day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import `gatekeeper.cli.<name>` and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gatekeeper.cli.{cmd_name}_command")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from gatekeeper.phrases import did_you_mean

            guess = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"No such command {args[0]!r}. {guess}".rstrip(), ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gate")
def gate() -> None:
    """Decide whether a fine-tuned LLM adapter may go into service.

    Exit codes: 0 promote, 10 hold, 20 escalate to a higher rung, 21 escalate to full fine-tuning,
    30 refused, 1 internal error, 2 usage error or wrong settings, 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `gate`; errors that a user can cause end in one or two sentences on stderr."""
    # Importing torch and transformers creates a million lasting objects; searching them for garbage
    # again and again took a third of the start-up time, and another second at the end.
    gc.set_threshold(200_000, 20, 20)
    atexit.register(gc.freeze)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        # As Ctrl-C does it: what was begun is cleaned up, and no verdict is reported.
        if threading.current_thread() is threading.main_thread():
            signal.signal(ending, _end)
    try:
        outcome = gate.main(args=arguments, prog_name="gate", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as problem:
        _tell_usage(problem)
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _interrupted(sys.argv[1:] if arguments is None else arguments)
        sys.exit(ExitCode.INTERRUPTED)
    except GateError as problem:
        _tell(problem.message, problem.hint)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.INTERNAL)
    except Exception as problem:
        if _began_with_ctrl_c(problem):
            _interrupted(sys.argv[1:] if arguments is None else arguments)
            sys.exit(ExitCode.INTERRUPTED)
        if os.environ.get("GATE_DEBUG"):
            raise
        from gatekeeper.extras import explain_import

        called = (sys.argv[1:] if arguments is None else arguments)[:1]
        if (told := _surroundings(problem)) is not None:
            _tell(*told)
            sys.exit(ExitCode.USAGE)
        missing = explain_import(problem, f"`{' '.join(['gate', *called])}`")
        if missing is not None:
            _tell(missing.message, missing.hint)
            sys.exit(missing.exit_code)
        _tell(
            f"Internal error: {type(problem).__name__}: {problem}",
            "This is a bug. Run again with GATE_DEBUG=1 for the traceback, and report it.",
        )
        sys.exit(ExitCode.INTERNAL)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _end(number: int, frame: object) -> None:
    raise KeyboardInterrupt


_OUTSIDE = {
    errno.ENOSPC: "Free some space, or set TMPDIR or GATE_CACHE to another disk.",
    errno.EDQUOT: "Free some space, or set TMPDIR or GATE_CACHE to another disk.",
    errno.EFBIG: "Raise the limit on file sizes (ulimit -f).",
    errno.EROFS: "Name a place that can be written to: TMPDIR, GATE_CACHE, --registry.",
    errno.EACCES: "Name a place that can be written to: TMPDIR, GATE_CACHE, --registry.",
    errno.EMFILE: "Raise the limit on open files (ulimit -n).",
}


def _surroundings(problem: BaseException) -> tuple[str, str] | None:
    """What a disk, a limit or a folder that is gone did to us: no bug, and nothing was recorded."""
    if isinstance(problem, FileNotFoundError) and not _has_working_folder():
        return "The working folder was removed.", "Change to a folder that exists."
    if isinstance(problem, OSError) and problem.errno in _OUTSIDE:
        where = f" ({problem.filename})" if problem.filename else ""
        return f"{problem.strerror}{where}.", _OUTSIDE[problem.errno]
    return None


def _has_working_folder() -> bool:
    try:
        return Path.cwd().is_dir()
    except FileNotFoundError:
        return False


def _began_with_ctrl_c(problem: BaseException | None) -> bool:
    """A library that is interrupted during import or loading may raise anything."""
    while problem is not None:
        if isinstance(problem, KeyboardInterrupt):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def _interrupted(arguments: list[str]) -> None:
    import shlex

    from gatekeeper.cli.consoles import say

    say(err=True)
    say("Interrupted; no file was left half-written.", err=True)
    if arguments[:1] == ["check"]:
        say("Every score so far is kept. To resume where it stopped:", err=True)
        say(f"  {shlex.join(['gate', *arguments])}", err=True)


def _tell_usage(problem: click.ClickException) -> None:
    """As click shows it, with names and paths made visible: a file's name is untrusted."""
    import io

    from gatekeeper.report.visible_text import visible

    shown = io.StringIO()
    problem.show(shown)
    click.echo(visible(shown.getvalue()), err=True, nl=False)


def _tell(message: str, hint: str | None) -> None:
    from gatekeeper.cli.consoles import styled
    from gatekeeper.report.visible_text import visible

    click.echo(styled("error: ", fg="red", bold=True) + visible(message), err=True)
    if hint:
        click.echo(styled("  next: ", bold=True) + visible(hint), err=True)
