"""The console in headless chromium with software GL: what an update of 10,000 moving tracks costs
the main thread, beside MapLibre's GeoJSON source (what most pages of this kind use) in the same
run; first paint; heap over a shortened day. Limits: 16 ms an update, 1.5 s, no growth.

    python -m bench console [--tracks 10000] [--updates 60] [--soak 3000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from tools.live import live

from bench._floor import (
    ARGS,
    CENTRE,
    CHROMIUM,
    SIZE,
    SLOW_MS,
    THREAD_TIME,
    Sky,
    Stand,
    floor,
    metric,
    now_ms,
)
from vigia.run.invitations import invite
from vigia.terms import Role

UPDATE_MS = 16.0
PAINT_S = 1.5
COMPILING = 5  # first updates, which the browser compiles
GAP_S = 0.7  # between updates: each is done, and its map drawn, before the next comes
PEER = (Path(__file__).parent / "_peer.html").read_text()
HIDE = """() => {
  let hidden = false;
  Object.defineProperty(document, 'hidden', {get: () => hidden});
  window.hide = (value) => {
    hidden = value;
    document.dispatchEvent(new Event('visibilitychange'));
  };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench console")
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--soak", type=int, default=3_000)
    args = parser.parse_args()
    with floor() as (stand, page, session):
        costs: dict[str, tuple[list[float], list[float]]] = {}
        for name, zoom in (("clusters, zoom 8.5", 8.5), ("every symbol, zoom 11", 11.0)):
            _look(page, zoom)
            costs[name] = _updates(stand, page, session, args.tracks, args.updates)
        hidden = _hidden(stand, page, session, args.tracks)
        peer = _peer(stand, page, args.tracks, args.updates, 11.0)
    print(f"main thread an update, {args.tracks} moving tracks [ms]; limit {UPDATE_MS:.0f}")
    for name, (script, whole) in {**costs, "peer: JSON, setData": peer}.items():
        print(
            f"  {name:22} script p50 {_p(script, 50):6.1f} p99 {_p(script, 99):6.1f} | "
            f"all tasks p50 {_p(whole, 50):6.1f} p99 {_p(whole, 99):6.1f} | "
            f"ratio to the peer {_p(whole, 50) / _p(peer[1], 50):.2f}"
        )
    print(
        f"  hidden, the same stream: {hidden[0]:.2f} ms an update; seen again: {hidden[1]:.0f} ms"
    )
    _paint()
    _soak(args.soak)


def _p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _look(page: Page, zoom: float) -> None:
    page.evaluate(
        "([lat, lon, zoom]) => document.querySelector('vigia-console').map.map"
        ".jumpTo({center: [lon, lat], zoom})",
        [*CENTRE, zoom],
    )


def _updates(
    stand: Stand, page: Page, session: Any, tracks: int, updates: int
) -> tuple[list[float], list[float]]:
    """Of each update in CPU time of the page's main thread: its script, and all its work until the
    next one, less what the page does in such a time without."""
    sky = Sky(tracks)
    idle_script, idle = _idle(page, session)
    script: list[float] = []
    whole: list[float] = []
    for n in range(updates + COMPILING):
        t_ms = now_ms()
        sky.step(t_ms)
        frame, text = sky.frame(t_ms), sky.text(t_ms)
        before = _spent(session)
        stand.send(frame, text)
        page.wait_for_timeout(GAP_S * 1000)
        after = _spent(session)
        if n >= COMPILING:
            script.append(after[0] - before[0] - idle_script)
            whole.append(after[1] - before[1] - idle)
    return script, whole


def _spent(session: Any) -> tuple[float, float]:
    """Milliseconds of script, of everything."""
    return metric(session, "ScriptDuration") * 1000, metric(session, "TaskDuration") * 1000


def _idle(page: Page, session: Any) -> tuple[float, float]:
    parts: list[tuple[float, float]] = []
    for _ in range(8):
        before = _spent(session)
        page.wait_for_timeout(GAP_S * 1000)
        after = _spent(session)
        parts.append((after[0] - before[0], after[1] - before[1]))
    return statistics.median(p[0] for p in parts), statistics.median(p[1] for p in parts)


def _hidden(stand: Stand, page: Page, session: Any, tracks: int) -> tuple[float, float]:
    """Main thread an update while nobody looks, and from looking again to the newest picture."""
    page.evaluate(HIDE)
    sky = Sky(tracks)
    page.evaluate("window.hide(true)")
    page.wait_for_timeout(1000)
    before = metric(session, "TaskDuration")
    for _ in range(10):
        t_ms = now_ms()
        sky.step(t_ms)
        stand.send(sky.frame(t_ms))  # goes only to who looks, as the gateway has it
        page.wait_for_timeout(GAP_S * 1000)
    each = (metric(session, "TaskDuration") - before) * 1000 / 10
    back = page.evaluate(
        "async () => { const t = performance.now(); window.hide(false);"
        "await document.querySelector('vigia-console').updateComplete;"
        "return performance.now() - t; }"
    )
    return each, back


def _peer(
    stand: Stand, page: Page, tracks: int, updates: int, zoom: float
) -> tuple[list[float], list[float]]:
    other = page.context.new_page()
    stand.add_page("/peer", PEER.replace("AT", f"[{CENTRE[1]}, {CENTRE[0]}], zoom: {zoom}"))
    page.close()  # its socket goes: the machine is the peer's alone
    other.goto(f"{stand.base}/peer")
    other.wait_for_selector("html[data-ready]", timeout=SLOW_MS, state="attached")
    session: Any = other.context.new_cdp_session(other)
    session.send("Performance.enable", THREAD_TIME)
    return _updates(stand, other, session, tracks, updates)


def _paint() -> None:
    """The real gateway, a cold enrolled browser: address to first paint, and to the rest."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with live(
            ["watch", "--post", "Post 12,31.79,-106.75", "--data", str(data)], data
        ) as running:
            made = invite(running.folder, name="Ana", role=Role.WATCH_OFFICER)
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
                # playwright's own type of a viewport is a TypedDict of just these two keys
                context = browser.new_context(viewport=SIZE)  # pyright: ignore[reportArgumentType]
                page = context.new_page()
                page.goto(f"{running.url}/enrol#{made.token}")
                page.click("[data-act=enrol]")
                page.wait_for_selector("[data-act=open]", timeout=SLOW_MS)
                for n in range(3):
                    session: Any = context.new_cdp_session(page)
                    session.send("Network.enable")
                    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
                    t = time.monotonic()
                    page.goto(f"{running.url}/console", wait_until="commit")
                    page.locator("vigia-console[data-watch=ready] .top").wait_for(timeout=SLOW_MS)
                    ready_s = time.monotonic() - t
                    paint = page.evaluate(
                        "performance.getEntriesByType('paint')"
                        ".find((e) => e.name === 'first-contentful-paint').startTime / 1000"
                    )
                    print(
                        f"console, nothing cached, load {n + 1}: first paint {paint:.2f} s "
                        f"(limit {PAINT_S}, ratio {paint / PAINT_S:.2f}); connected {ready_s:.2f} s"
                    )
                browser.close()


def _soak(updates: int) -> None:
    """Tracks are born and die, alerts come and go, people report, the page is hidden and seen."""
    with floor() as (stand, page, session):
        page.evaluate(HIDE)
        sky = Sky(400)
        print(f"heap over {updates} updates of 400 tracks, one in fifty new each time:")
        for n in range(updates + 1):
            if n % (updates // 6) == 0:
                _weigh(page, session, n)
            t_ms = now_ms()
            sky.step(t_ms, share_born=0.02)
            stand.send(sky.frame(t_ms))
            _alert_and_report(stand, sky, n, t_ms)
            if n % 200 == 150:
                page.evaluate("window.hide(true)")
            if n % 200 == 190:
                page.evaluate("window.hide(false)")
            page.wait_for_timeout(8)


def _weigh(page: Page, session: Any, n: int) -> None:
    page.evaluate("window.hide(false)")
    page.wait_for_timeout(1500)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    names = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
    heap, nodes, listeners = (metric(session, name) for name in names)
    print(
        f"  {n:6d}: {heap / 1e6:6.2f} MB, {nodes:.0f} nodes, {listeners:.0f} listeners", flush=True
    )


def _alert_and_report(stand: Stand, sky: Sky, n: int, t_ms: int) -> None:
    """Each fifth update an alert begins; each is cancelled sixty updates later."""
    if n % 5 == 0:
        row = sky.rows[n % len(sky.rows)]
        stand.tell(
            {"t": "alert", "alert": _alert(n, row["track_id"].decode(), int(row["number"]), t_ms)}
        )
    if n % 5 == 0 and n >= 60:
        ended = _alert(n - 60, "", 0, t_ms) | {
            "msg_type": "cancel",
            "revision": 2,
            "end_reason": "expired",
        }
        stand.tell({"t": "alert", "alert": ended})
    if n % 7 == 0:
        stand.tell(
            {
                "t": "sighting",
                "report_id": f"r{n}",
                "t_ms": t_ms,
                "received_ms": t_ms,
                "person_id": f"p{n % 50}",
                "name": f"Agent {n % 50}",
                "position": {"lat_deg": CENTRE[0], "lon_deg": CENTRE[1], "sigma_m": 8},
                "bearing": {"azimuth_deg_true": n % 360, "sigma_deg": 9},
                "sense": "seen",
                "kind": "unknown",
                "count": None,
                "load": None,
                "motion": None,
                "track_number": None,
                "refines": None,
                "withdrawn": False,
                "text": "",
                "mark": "actual",
            }
        )


def _alert(n: int, track_id: str, number: int, t_ms: int) -> dict[str, object]:
    return {
        "alert_id": f"a{n}",
        "revision": 1,
        "msg_type": "alert",
        "incident_id": f"i{n // 25}",
        "target_id": f"person/p{n % 50}",
        "person_id": f"p{n % 50}",
        "person_name": f"Agent {n % 50}",
        "tier": 1 + n % 3,
        "mark": "actual",
        "action": "take_cover",
        "sound": True,
        "cause_ms": t_ms,
        "decided_ms": t_ms,
        "expires_ms": t_ms + 60_000,
        "track_ids": [track_id] if track_id else [],
        "track_numbers": [number] if track_id else [],
        "confirmed": True,
        "p_hit": 0.5,
        "earliest_ms": t_ms + 50_000,
        "p10_ms": None,
        "p50_ms": t_ms + 60_000,
        "p90_ms": None,
        "bearing_deg_true": 231.0,
        "from_point": "sw",
        "range_m": 900.0,
        "height_m": 90.0,
        "load": False,
        "sources": ["sensor/radar"],
        "end_reason": None,
        "by_name": None,
        "identity": "unknown",
        "grounds": None,
        "text": "",
        "reached": {"delivered_ms": None, "seen_ms": None, "safe_ms": None},
    }


if __name__ == "__main__":
    main()
