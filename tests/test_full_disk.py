"""A full disk: it is said where officers look, warnings go on, and all is well when space is back.

Once as the system says it (ENOSPC, at the watch process's door) and once with real processes to
which the system refuses every write of a file, standard error among them.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import sys
from pathlib import Path
from typing import Any

from tools.live import Live, Page, Person, live, wait_for

from test_watch_process import Bench, until
from vigia.run.journal import JournalReader
from vigia.run.link import Committed, Status
from vigia.run.supervise import EXIT_OPERATOR, Child
from vigia.terms import Role

POST = "Post 12,31.79,-106.75"
PROCESSES = ("vigia", "vigia.run.watch_main", "vigia.run.gateway_main")


class Disk:
    """before_commit: full until there is space."""

    full = True

    def __call__(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_to_the_pages_and_alerts_go_on(tmp_path: Path) -> None:
    disk = Disk()

    async def scenario() -> None:
        bench = Bench(tmp_path, before_commit=disk)
        async with bench.running():
            bench.person()
            bench.report(7)
            await until(bench.link.alerts)
            await until(lambda: any(s.state == "degraded" for s in _statuses(bench)))
            said = _statuses(bench)[-1].journal
            assert said.startswith("journal: the disk is full; nothing is recorded")
            assert "warnings go on" in said
            assert "make room" in said
            assert bench.link.of(Committed) == []
            disk.full = False
            await until(lambda: bench.link.of(Committed))
            await until(lambda: _statuses(bench)[-1].journal == "ok")
            assert _statuses(bench)[-1].state == "ready"
            bench.report(8)
            await until(lambda: len(bench.link.of(Committed)) == 2)

    asyncio.run(scenario())


def test_processes_that_may_not_write_warn_and_recover(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with live(["watch", "--post", POST, "--data", str(folder)], folder) as running:
        officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
        agent = Person.enrolled(running, "Agent 1", Role.AGENT, post_id="post-12")
        console, phone = officer.socket(), agent.socket()
        console.wait("hello")
        phone.wait("hello")
        before = {name: running.pids(name) for name in PROCESSES}
        _limit(running, 0)
        report = {"bearing": {"azimuth_deg_true": 10.0, "sigma_deg": 10.0}}
        answer = agent.report("report-1", **report)
        assert (answer.status_code, answer.json()["received"]) == (503, False)
        assert answer.json()["warned"] is True
        assert phone.wait("alert")["alert"]["person_id"] == agent.person["person_id"]
        why = _beat(console, "degraded")["why"]
        assert why.startswith("journal: the disk cannot be written")
        assert "warnings go on" in why
        assert "check the disk" in why
        health = officer.http.get("/api/v1/status").json()
        assert health["watch"]["state"] == "degraded"
        assert agent.http.get("/").status_code == 200  # the gateway serves on

        _limit(running, resource.RLIM_INFINITY)
        wait_for(lambda: agent.report("report-1", **report).json()["received"], 15, 0.5)
        assert _beat(console, "ready")["why"] == ""
        assert {name: running.pids(name) for name in PROCESSES} == before  # nobody had to die
    reader = JournalReader(folder)
    kept = [e for e in reader.inputs(proven=True) if "report-1" in str(e)]
    reader.close()
    assert kept


def test_a_process_that_served_is_started_again_whatever_it_says(tmp_path: Path) -> None:
    """A watch that dies while the disk is full says 2, as for wrong settings."""
    script = tmp_path / "child.py"
    script.write_text("import sys; sys.exit(int(sys.argv[1]))")

    def ended(child: Child) -> int | None:
        assert child.process is not None
        child.process.wait()
        return child.poll()

    def child(code: int) -> Child:
        made = Child("watch", [sys.executable, str(script), str(code)])
        made.start()
        return made

    first = child(EXIT_OPERATOR)
    assert ended(first) == EXIT_OPERATOR
    served = child(1)
    assert ended(served) is None
    served.command = [sys.executable, str(script), str(EXIT_OPERATOR)]
    for _ in range(3):
        served.start()
        assert ended(served) is None


def _limit(running: Live, size_bytes: int) -> None:
    """No file of theirs may grow beyond: Python ignores SIGXFSZ, so that writes fail."""
    for name in PROCESSES:
        pids = running.pids(name)
        assert pids
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


def _beat(page: Page, state: str) -> dict[str, Any]:  # Any: what came over the wire
    return page.wait("beat", lambda m: m["state"] == state, 15)


def _statuses(bench: Bench) -> list[Status]:
    return [s for s in bench.link.of(Status) if isinstance(s, Status)]
