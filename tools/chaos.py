"""`python -m tools.chaos`: kill -9 at random instants under load, while every other way out hangs.

    python -m tools.chaos [--kills 100] [--seed 1] [--keep FOLDER]

The demo with three people reporting all the time and phones that answer (tools/soak.py), beside
channels that hang, whose name no DNS knows, or whose port is closed (chaos_site.py). Killed are
the watch, the gateway and the courier, one, two or all at an instant; between kills the disk
refuses every write for seconds. Then the record is checked: nothing acknowledged is lost, no
alert is late because something else is broken, service is back within five seconds. A jump of the
clock is tested without touching this machine's (tests/test_clock.py, tests/test_watch_process.py).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

from tools.live import Live, live
from tools.soak import BACK_MAX_S, GATEWAY, GIVE_UP_S, QUIET_S, WATCH, Soak, spread
from tools.soak_checks import Checks, check_folder, check_log

COURIER = "vigia.run.courier_main"
KINDS = ((WATCH,), (GATEWAY,), (COURIER,), (WATCH, GATEWAY), (WATCH, GATEWAY, COURIER))
GAP_S = (0.0, 4.0)  # random instants: also into a start that is still under way
DISK_EVERY = 7  # kills between two refusals of the disk
LATE_MS = 1_000.0  # decided -> page, for pages that had a link all the time
PEERS_MAX = 1_000


class Hang:
    """A server that takes every connection and never says a word."""

    def __init__(self) -> None:
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._sock.getsockname()[1])
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while len(self._peers) < PEERS_MAX:
                self._peers.append(self._sock.accept()[0])

    @property
    def called(self) -> int:
        return len(self._peers)

    def close(self) -> None:
        for sock in (self._sock, *self._peers):
            sock.close()


class Chaos(Soak):
    """Soak's people and checks; another order of things that befall them."""

    def __init__(self, running: Live, rng: Random, checks: Checks) -> None:
        super().__init__(running, rng, checks)
        self.by_kind: dict[str, list[float]] = {}

    async def run_kills(self, kills: int) -> None:
        until_s = time.monotonic() + kills * (BACK_MAX_S + GAP_S[1] + GIVE_UP_S)
        async with asyncio.TaskGroup() as group:
            pages = [group.create_task(p.run()) for p in (self.console, *self.pages)]
            work = [group.create_task(r.run(until_s)) for r in self.reporters]
            await asyncio.sleep(QUIET_S)
            for n in range(kills):
                await self._one(n)
            await asyncio.sleep(QUIET_S)
            await self.agree()
            for task in [*pages, *work]:
                task.cancel()

    async def _one(self, n: int) -> None:
        kinds = KINDS[self.rng.randrange(len(KINDS))]
        name = " + ".join(k.split(".")[-1].removesuffix("_main") for k in kinds)
        self.note(f"kill {n + 1}: {name}")
        before = len(self.tally.back_s)
        if kinds == (COURIER,):
            self.kill(COURIER)
            await self.killed()  # nothing people need may even notice
        else:
            await self.killed(*kinds)
        self.by_kind.setdefault(name, []).extend(self.tally.back_s[before:])
        if n % DISK_EVERY == DISK_EVERY - 1:
            self.note("the disk refuses")
            await self.disk_that_refuses()
        await asyncio.sleep(self.rng.uniform(*GAP_S))
        if n % 5 == 4:
            await self.agree()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="copy the data folder there at the end")
    args = parser.parse_args()
    checks = run(args.kills, args.seed, args.keep)
    checks.print()
    print(f"again: python -m tools.chaos --kills {args.kills} --seed {args.seed}")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def run(kills: int, seed: int, keep: Path | None = None) -> Checks:
    checks, hang = Checks(), Hang()
    with tempfile.TemporaryDirectory(prefix="vigia-chaos-") as scratch:
        data = Path(scratch) / "demo"
        log = data.with_name(f"{data.name}.log")
        words = ["--data", str(data), "--seed", str(seed), "--hang", str(hang.port)]
        with ExitStack() as stack:
            stack.callback(hang.close)
            running = stack.enter_context(live(words, data, module="tools.chaos_site"))
            chaos = Chaos(running, Random(seed), checks)
            asyncio.run(chaos.run_kills(kills))
            running.process.send_signal(signal.SIGTERM)
            code = running.process.wait(GIVE_UP_S)
            checks.see("vigia stops when told", code == 0, f"exit code {code}")
            checks.see("the hanging channels were called", hang.called > 0, "nobody called")
        check_folder(data, checks, pages=chaos.pages, reporters=chaos.everybody)
        check_log(log, checks)
        if keep is not None:
            ignore = shutil.ignore_patterns("*.sock")
            shutil.copytree(scratch, keep, dirs_exist_ok=True, ignore=ignore)
    _print(chaos, kills)
    return checks


def _print(chaos: Chaos, kills: int) -> None:
    load = os.getloadavg()[0]
    print(f"\n{kills} kills, load {load:.0f} on {os.cpu_count()} cores")
    print("| killed | times | back p50 | back max |\n|---|---|---|---|")
    for name, back_s in sorted(chaos.by_kind.items()):
        p50 = statistics.median(back_s)
        print(f"| {name} | {len(back_s)} | {p50:.2f} s | {max(back_s):.2f} s |")
    late_s = sorted(ms / 1000 for page in (chaos.console, *chaos.pages) for ms in page.late_ms)
    print(f"\nalert decided -> page, kills included: {spread(late_s)}")
    received = sum(len(r.received) for r in chaos.everybody)
    acked = sum(len(p.acked) for p in chaos.pages)
    print(f"reports received: {received}; answers acknowledged: {acked}")


if __name__ == "__main__":
    sys.exit(main())
