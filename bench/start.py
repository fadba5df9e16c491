"""Start-up time to the first page and to "ready", and memory when idle; limits 2 s and 150 MB."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx
from tools.live import Live, Person, live, wait_for

from vigia.terms import Role

RUNS = 3
FIRST_PAGE_S = 2.0
IDLE_MB = 150.0
SETTLE_S = 5.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        args = ["watch", "--post", "Post 12,31.79,-106.75", "--data", str(data)]
        for run in range(RUNS):
            t = time.monotonic()
            with live(args, data) as running:
                wait_for(lambda r=running: _page(r), 20, every_s=0.01)
                page_s = time.monotonic() - t
                officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
                officer.socket().wait("beat", lambda m: m["state"] == "ready")
                ready_s = time.monotonic() - t
                name = "first start" if run == 0 else f"start {run + 1}"
                print(
                    f"{name:12} first page {page_s:.2f} s (limit {FIRST_PAGE_S:.0f} s, ratio "
                    f"{page_s / FIRST_PAGE_S:.2f}), enrolled and ready {ready_s:.2f} s"
                )
                if run == RUNS - 1:
                    _memory(running)


def _page(running: Live) -> bool:
    try:
        return httpx.get(running.url + "/", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _memory(running: Live) -> None:
    time.sleep(SETTLE_S)
    total = 0.0
    for module in ("vigia.run.watch_main", "vigia.run.gateway_main", "vigia"):
        for pid in running.pids(module):
            mb = _pss_mb(pid)
            total += mb
            print(f"idle {module:24} {mb:6.1f} MB")
    print(f"idle all {total:.1f} MB (limit {IDLE_MB:.0f} MB, ratio {total / IDLE_MB:.2f})")


def _pss_mb(pid: int) -> float:
    """Proportional set size: shared pages are counted once."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
