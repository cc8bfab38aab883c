"""Stop or fail an unchanged program at any of its system calls that write, with strace.

An operation runs in a forked child. strace attaches before it begins and kills it (or makes the
call fail) at the n-th call of a kind; what it acknowledged comes back over a socket, which is no
call that is tampered with.
"""

from __future__ import annotations

import collections
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatekeeper.errors import GateError

__all__ = ["WRITING", "Outcome", "Point", "count_points", "require_strace", "run_with"]

WRITING = (
    "chmod,copy_file_range,fchmod,fchmodat,fdatasync,flock,fsync,ftruncate,link,linkat,mkdir,"
    "mkdirat,openat,pwrite64,rename,renameat,renameat2,rmdir,sendfile,unlink,unlinkat,utimensat,"
    "write"
)
Operation = Callable[[], object]
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


@dataclass(frozen=True)
class Point:
    """The n-th call of one kind, counted from 1."""

    call: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """What the child told before it ended."""

    acknowledged: bool
    """The operation came to its end."""
    steps: int
    """Acknowledgements on the way, of an operation that yields after each of its writes."""
    refused: str | None
    """Message of a typed error."""
    crashed: str | None
    """Any other exception: always a bug."""
    killed: bool


def require_strace() -> None:
    """Skip, loudly, where strace is missing or may not attach."""
    if shutil.which("strace") is None:
        pytest.skip("NO FAULT INJECTION: strace is not installed (apt-get install strace)")
    probe = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"NO FAULT INJECTION: strace may not trace here: {probe.stderr.strip()}")


def count_points(operation: Operation, log: Path) -> list[Point]:
    """Run an operation unharmed and list every writing call that it makes."""
    outcome = run_with(operation, ["-o", str(log)])
    assert outcome.acknowledged, outcome
    counts: collections.Counter[str] = collections.Counter()
    for line in log.read_text().splitlines():
        if found := _CALL.match(line):
            counts[found[1]] += 1
    return [Point(call, n) for call in sorted(counts) for n in range(1, counts[call] + 1)]


def run_with(operation: Operation, options: list[str]) -> Outcome:
    """Run an operation in a forked child under strace with extra options."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _be_the_child(operation, theirs)
    theirs.close()
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", f"trace={WRITING}", *options, "-p", str(child)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _wait_for_tracer(child, tracer)
        ours.sendall(b"go")
        told = b""
        while chunk := ours.recv(65536):
            told += chunk
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        ours.close()
        tracer.wait(timeout=60)
        if tracer.stderr is not None:
            tracer.stderr.close()
    text = told.decode(errors="replace")
    end = text.lstrip(".")
    return Outcome(
        acknowledged=end.startswith("done"),
        steps=len(text) - len(end),
        refused=end[7:] if end.startswith("refused") else None,
        crashed=end[7:] if end.startswith("crashed") else None,
        killed=os.WIFSIGNALED(status),
    )


def _wait_for_tracer(child: int, tracer: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = Path(f"/proc/{child}/status").read_text()
        if "TracerPid:\t0\n" not in status:
            return
        if tracer.poll() is not None:
            error = tracer.stderr.read().decode() if tracer.stderr else ""
            pytest.skip(f"NO FAULT INJECTION: strace cannot attach here: {error.strip()}")
        time.sleep(0.001)
    raise TimeoutError("strace did not attach")


def _be_the_child(operation: Operation, told: socket.socket) -> None:
    try:
        told.recv(2)
        try:
            done = operation()
            if isinstance(done, Iterator):
                for _ in done:
                    told.sendall(b".")
            told.sendall(b"done")
        except GateError as refusal:
            told.sendall(b"refused" + refusal.message.encode())
        except BaseException as problem:
            told.sendall(b"crashed" + f"{type(problem).__name__}: {problem}".encode())
    finally:
        os._exit(0)
