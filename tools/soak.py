"""`make soak`: the real demo, killed and crowded at seeded instants; then its record is checked.

    python -m tools.soak [--minutes 10] [--seed 1] [--keep FOLDER]

The seed fixes what is done and after which waits; the processes themselves are real, so two runs
of one seed are alike and not identical. Exit code 1 when a check fails. What a run looks like and
dated results: docs/soak.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import httpx
import msgspec
from websockets.exceptions import WebSocketException

from tools.live import Live, Person, live
from tools.soak_checks import Checks, check_folder, check_log
from tools.soak_people import Reporter, SoakPage, dead_page, open_now
from vigia.terms import Role

WATCH, GATEWAY = "vigia.run.watch_main", "vigia.run.gateway_main"
BACK_MAX_S = 5.0  # the goal: in service again after a kill
GIVE_UP_S = 20.0
AGREE_S = 6.0  # until every page and the core hold the same alerts
STORM_PAGES, STORM_PEOPLE = 50, 5
DEAD_MAX = 6
GAP_S = (2.0, 8.0)  # between two disturbances
QUIET_S = 4.0  # at the end
HOME = "ocotillo", "vado"  # posts of the demo


class Tally(msgspec.Struct):
    """What was done and measured."""

    done: list[str] = []
    back_s: list[float] = []
    greeted_s: list[float] = []


class Soak:
    """One run: people, pages, and what befalls them."""

    def __init__(self, running: Live, rng: Random, checks: Checks) -> None:
        self._running = running
        self.rng = rng
        self._checks = checks
        self._t0_s = time.monotonic()
        self.tally = Tally()
        self.officer = Person.enrolled(running, "Soak Officer", Role.WATCH_OFFICER)
        self.agents = [
            Person.enrolled(running, f"Soak Agent {n}", Role.AGENT, post_id=post)
            for n, post in enumerate(HOME, start=1)
        ]
        self._crowd = [
            Person.enrolled(running, f"Soak Crowd {n}", Role.AGENT, post_id=HOME[0])
            for n in range(STORM_PEOPLE)
        ]
        self.console = SoakPage(self.officer, Random(0), console=True)
        self.pages = [SoakPage(a, Random(n), console=False) for n, a in enumerate(self.agents)]
        people = [*self.agents, self.officer]
        self.reporters = [Reporter(p, f"{n}", Random(n)) for n, p in enumerate(people)]
        self._prober = Reporter(self.agents[0], "probe", Random(99))
        self._dead: list[socket.socket] = []

    @property
    def everybody(self) -> list[Reporter]:
        return [*self.reporters, self._prober]

    async def run(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            pages = [group.create_task(p.run()) for p in (self.console, *self.pages)]
            work = [group.create_task(r.run(until_s)) for r in self.reporters]
            await _until(lambda: self.console.picture_ms > 0)
            while time.monotonic() < until_s - QUIET_S:
                act = self.rng.choices(self._acts, weights=self._weights)[0]
                self.note(act.__name__.strip("_").replace("_", " "))
                await act()
                wait_s = self.rng.uniform(*GAP_S)
                await asyncio.sleep(min(wait_s, max(0.0, until_s - time.monotonic())))
                await self.agree()
            await asyncio.wait(work, timeout=GIVE_UP_S)
            await asyncio.sleep(QUIET_S)
            await self.agree()
            for task in [*pages, *work]:
                task.cancel()
        for sock in self._dead:
            sock.close()

    # ---- what befalls them -----------------------------------------------------------------

    @property
    def _acts(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._kill_watch,
            self._kill_gateway,
            self._kill_both,
            self._kill_one_after_the_other,
            self._storm,
            self._pages_that_never_read,
            self._slow_console,
            self._all_clear,
            self.disk_that_refuses,
        ]

    _weights = (4, 4, 3, 4, 2, 1, 1, 5, 2)

    async def _kill_watch(self) -> None:
        await self.killed(WATCH)

    async def _kill_gateway(self) -> None:
        await self.killed(GATEWAY)

    async def _kill_both(self) -> None:
        await self.killed(WATCH, GATEWAY)

    async def _kill_one_after_the_other(self) -> None:
        order = [WATCH, GATEWAY]
        self.rng.shuffle(order)
        self.kill(order[0])
        await asyncio.sleep(self.rng.uniform(0.0, 1.5))
        await self.killed(order[1])

    async def _storm(self) -> None:
        """Many pages at once; now and then the gateway dies under them and all come back."""
        crowd = [
            SoakPage(self._crowd[n % STORM_PEOPLE], Random(n), console=False)
            for n in range(STORM_PAGES)
        ]
        tasks = [asyncio.create_task(page.run()) for page in crowd]
        try:
            await self._greeted(crowd, 1, since_s=time.monotonic())
            if self.rng.random() < 0.5:
                start_s = time.monotonic()
                await self.killed(GATEWAY)
                await self._greeted(crowd, 2, since_s=start_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _greeted(self, crowd: list[SoakPage], times: int, *, since_s: float) -> None:
        await _until(lambda: all(p.hellos >= times for p in crowd))
        missing = sum(p.hellos < times for p in crowd)
        self._checks.see("every page of a storm is greeted", not missing, f"{missing} were not")
        self.tally.greeted_s.append(time.monotonic() - since_s)

    async def _pages_that_never_read(self) -> None:
        for person in (self.officer, self.rng.choice(self.agents)):
            with suppress(OSError):
                self._dead.append(dead_page(person))
        while len(self._dead) > DEAD_MAX:
            self._dead.pop(0).close()

    async def _slow_console(self) -> None:
        slow = SoakPage(self.officer, Random(0), console=True, read_s=0.7)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.rng.uniform(2.0, 8.0)):
                await slow.run()

    async def _all_clear(self) -> None:
        headers = {"Origin": self.officer.base, "Cookie": self.officer.cookie()}
        async with httpx.AsyncClient(base_url=self.officer.base, headers=headers) as http:
            word = {"reason": "soak", "incident_id": None}
            with suppress(httpx.TransportError, ValueError):
                answer = (await http.post("/api/v1/all-clear", json=word)).json()
                if "asked" in answer:  # drones are tracked, or a post is blind: he means it
                    accepts = {"clear_id": answer["clear_id"], "accepts": answer["asked"]["open"]}
                    await http.post("/api/v1/all-clear", json=word | accepts)

    async def disk_that_refuses(self) -> None:
        """For some seconds no file of theirs may grow."""
        try:
            self._file_sizes(0)
            await asyncio.sleep(self.rng.uniform(1.0, 5.0))
        finally:
            self._file_sizes(resource.RLIM_INFINITY)

    def _file_sizes(self, limit_bytes: int) -> None:
        for pid in (*self._running.pids(WATCH), *self._running.pids(GATEWAY)):
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))

    # ---- looking ---------------------------------------------------------------------------

    def kill(self, module: str) -> None:
        for pid in self._running.pids(module):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def killed(self, *modules: str) -> None:
        for module in modules:
            self.kill(module)
        start_s, start_ms = time.monotonic(), time.time() * 1000
        receipt_s, picture_s = await asyncio.gather(
            self._prober.probe(GIVE_UP_S), self._pictured(start_ms)
        )
        receipt_s, picture_s = (
            GIVE_UP_S if s is None else s - start_s for s in (receipt_s, picture_s)
        )
        back_s = max(receipt_s, picture_s)
        self.tally.back_s.append(back_s)
        load = os.getloadavg()[0]
        self.note(
            f"  back in {back_s:.2f} s (receipt {receipt_s:.2f}, picture {picture_s:.2f}; "
            f"load {load:.0f} on {os.cpu_count()} cores)"
        )
        late = f"{back_s:.1f} s after the kill of {', '.join(modules)}"
        self._checks.see(f"back in service within {BACK_MAX_S:.0f} s", back_s <= BACK_MAX_S, late)

    async def _pictured(self, since_ms: float) -> float | None:
        """When the console shows tracks of after the kill and the phones are greeted."""
        back = await _until(
            lambda: self.console.picture_ms > since_ms and all(p.connected for p in self.pages)
        )
        return time.monotonic() if back else None

    async def agree(self) -> None:
        """Every page holds exactly the alerts that the core has open for its person."""
        holders = [(self.officer, self.console), *zip(self.agents, self.pages, strict=True)]
        end_s = time.monotonic() + AGREE_S
        wrong = ["nobody was greeted"]
        while wrong and time.monotonic() < end_s:
            try:
                wrong = [w for person, page in holders for w in await _differs(person, page)]
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(0.2)
                continue
            await asyncio.sleep(0.1 if wrong else 0.0)
        self._checks.see("pages hold the open alerts and no others", not wrong, "; ".join(wrong))

    def note(self, text: str) -> None:
        line = f"{time.monotonic() - self._t0_s:6.1f} s  {text}"
        self.tally.done.append(line)
        print(line, flush=True)


async def _until(met: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + GIVE_UP_S
    while not (found := met()) and time.monotonic() < end_s:  # noqa: ASYNC110 - of many pages
        await asyncio.sleep(0.01)
    return found


async def _differs(person: Person, page: SoakPage) -> list[str]:
    there, here = await open_now(person), set(page.held)
    name = str(person.person["name"])
    return [
        *(f"{name} still holds {a[:8]}, which is not open" for a in sorted(here - there)),
        *(f"{name} does not hold {a[:8]}, which is open" for a in sorted(there - here)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="copy the data folder there at the end")
    args = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="vigia-soak-") as scratch:
        data = Path(scratch) / "demo"
        log = data.with_name(f"{data.name}.log")
        words = ["demo", "--no-browser", "--data", str(data), "--seed", str(args.seed)]
        with ExitStack() as stack:
            running = stack.enter_context(live(words, data))
            soak = Soak(running, Random(args.seed), checks)
            asyncio.run(soak.run(args.minutes * 60.0))
            running.process.send_signal(signal.SIGTERM)
            code = running.process.wait(GIVE_UP_S)
            checks.see("vigia stops when told", code == 0, f"exit code {code}")
        check_folder(data, checks, pages=soak.pages, reporters=soak.everybody)
        check_log(log, checks)
        if args.keep is not None:
            ignore = shutil.ignore_patterns("*.sock")
            shutil.copytree(scratch, args.keep, dirs_exist_ok=True, ignore=ignore)
    _print(soak)
    checks.print()
    print(f"again: python -m tools.soak --minutes {args.minutes:g} --seed {args.seed}")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def _print(soak: Soak) -> None:
    tally = soak.tally
    pages = [soak.console, *soak.pages]
    late_ms = sorted(ms for page in pages for ms in page.late_ms)
    print(f"\nkills: {len(tally.back_s)}, back in service {spread(tally.back_s)}")
    print(f"storms of {STORM_PAGES} pages: all greeted {spread(tally.greeted_s)}")
    print(f"alert decided -> page: {spread([ms / 1000 for ms in late_ms])}")
    print(
        f"reports received: {sum(len(r.received) for r in soak.everybody)} "
        f"in {sum(r.sent for r in soak.everybody)} requests; "
        f"answers acknowledged: {sum(len(p.acked) for p in soak.pages)}; "
        f"alerts on pages: {sum(len(p.revisions) for p in pages)}\n"
    )


def spread(values: list[float]) -> str:
    if not values:
        return "(none)"
    return f"p50 {statistics.median(values):.2f} s, max {max(values):.2f} s (n = {len(values)})"


if __name__ == "__main__":
    sys.exit(main())
