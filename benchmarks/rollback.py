"""How long a rollback takes: the command, and a channel followed inside a process.

    python benchmarks/rollback.py [--base FOLDER]

The command is timed as a whole process, beside `gate --version` (an interpreter that does nothing
of this) in the same run, on a registry of 10 and of 1,000 events; beside the time on the clock
stands the CPU time, which a busy machine does not stretch. The process serves the embedded base
from two threads while the channel moves.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "registry")]

from cast import save_adapter  # noqa: E402
from registry_factory import NOW, adapter_folder, evidence, policy_text, record, verdict  # noqa: E402

from gatekeeper.registry import By, Registry  # noqa: E402

BY = By("bench", NOW)
REPEATS = 7


def milliseconds(times: list[float]) -> str:
    ordered = sorted(times)
    return (
        f"median {1000 * statistics.median(ordered):.0f} ms "
        f"(least {1000 * ordered[0]:.0f}, most {1000 * ordered[-1]:.0f})"
    )


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def gate(*arguments: str) -> tuple[float, float]:
    """Seconds on the clock and seconds of CPU of one command."""
    code = "from gatekeeper.cli import main; main()"
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def told(what: str, runs: list[tuple[float, float]]) -> None:
    print(f"{what}: {milliseconds([run[0] for run in runs])}")
    print(f"{'':<{len(what)}}  CPU: {milliseconds([run[1] for run in runs])}")


def command(folder: Path, events: int) -> None:
    registry = Registry.create(folder / f"registry-{events}")
    check = record(registry, adapter_folder(folder / "adapter"))
    while registry.state().sequence < events:
        registry.record_refusal(name="x", source="/x", text="filler", by=BY)
    root = str(registry.root)
    idle, whole = [], []
    for _ in range(REPEATS):
        registry.promote("production", check.candidate, force=True, by=By("bench", NOW, "again"))
        idle.append(gate("--version"))
        whole.append(gate("rollback", "--registry", root))
    told(f"gate rollback, {events:>5} events", whole)
    told("gate --version             ", idle)


def followed(folder: Path, base: str) -> None:
    from gatekeeper.live import ChannelModel

    registry = Registry.create(folder / "live")
    started = time.perf_counter()
    live = ChannelModel(base, registry)
    print(f"base loaded in {time.perf_counter() - started:.1f} s, never again")
    digests = []
    for seed in (1, 2):
        adapter = save_adapter(
            live._base.folder, folder / f"real-{seed}", seed=seed, r=8,
            target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        )  # fmt: skip
        digest = registry.store_object(adapter, "adapter")
        about = evidence(digest, name=adapter.name, base_digest=live._base.pin.digest)
        registry.record_check(about, verdict(about), [], policy_text(), name=adapter.name, by=BY)
        digests.append(digest)
    stop, latencies = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            latencies.append((timed(lambda: live.generate("The", max_new_tokens=8)), moving[0]))

    moving = [False]
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(5)
    moving[0] = True
    for turn in range(6):
        registry.promote("production", digests[turn % 2], force=True, by=By("bench", NOW, "x"))
        live.refresh()
    for _ in range(6):
        if live.serves.target != "base":
            registry.rollback("production", by=BY)
            live.refresh()
    stop.set()
    for thread in threads:
        thread.join()
    swaps = list(live.swaps)
    first = [swap.prepared for swap in swaps[:2]]
    again = [swap.prepared for swap in swaps[2:]]
    print(
        f"attaching an adapter for the first time: {milliseconds(first)}, requests go on meanwhile"
    )
    print(f"going back to one that served before   : {milliseconds(again)}")
    exchanged = max(swap.switched for swap in swaps)
    print(f"the exchange itself                    : at most {1e6 * exchanged:.0f} us")
    for what, flag in (("before any move", False), ("while the channel moved", True)):
        took = [seconds for seconds, moved in latencies if moved is flag]
        if took:
            print(f"a request of 8 tokens {what}: {milliseconds(took)}")
    print(f"proof: {live.prove().text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="embedded")
    parser.add_argument("--without-model", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as place:
        folder = Path(place)
        for events in (10, 1_000):
            command(folder, events)
        if not options.without_model:
            followed(folder, options.base)


if __name__ == "__main__":
    main()
