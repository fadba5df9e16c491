"""From a link to the answer on the console: a fresh server, three browsers, a raid of three.

One goes on watch, another reports without a network and comes back, the first is warned.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.live import Live, Person, free_port, live

from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.run.invitations import invite
from vigia.terms import Role

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
LAT, LON = 31.79, -106.75
KEY = "journey-0123456789abcdef01234567"
SETTINGS = f"""
mode = "exercise"
[site]
lat_deg = {LAT}
lon_deg = {LON}
alt_hae_m = 1200.0
[[posts]]
id = "12"
name = "Post 12"
lat_deg = {LAT}
lon_deg = {LON}
[sensors.radar]
adapter = "observations"
kind = "radar"
source = "api"
key_env = "VIGIA_JOURNEY_KEY"
lat_deg = {LAT}
lon_deg = {LON}
"""
SLOW_MS = 40_000  # a busy machine; what is measured is printed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Live]:
    settings = tmp_path / "site.toml"
    settings.write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIA_JOURNEY_KEY", KEY)
        args = ["watch", "--settings", str(settings), "--data", str(tmp_path / "data")]
        with live(args, tmp_path / "data-exercise", free_port()) as running:
            yield running


class Raid:
    """Three drones from three sides at 18 m/s, as a radar tells of them twice a second."""

    SIDES_DEG = (20.0, 140.0, 250.0)

    def __init__(self, server: Live) -> None:
        self._url = f"{server.url}/api/v1/observations"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._fly, daemon=True)

    def __enter__(self) -> Raid:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _fly(self) -> None:
        begun = time.monotonic()
        head = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        with httpx.Client(headers=head, timeout=10) as http:
            while not self._over.is_set():
                left_m = max(150.0, 1_000.0 - 18.0 * (time.monotonic() - begun))
                rows = [self._row(side, left_m) for side in self.SIDES_DEG]
                http.post(self._url, content=json.dumps({"sensor_id": "radar", "bearings": rows}))
                self._over.wait(0.5)

    @staticmethod
    def _row(side_deg: float, range_m: float) -> dict[str, float]:
        return {
            "t_ms": int(time.time() * 1000),
            "azimuth_deg_true": side_deg,
            "azimuth_sigma_deg": 0.5,
            "range_m": range_m,
            "range_sigma_m": 5.0,
            "range_rate_mps": -18.0,
            "elevation_deg": math.degrees(math.atan2(60.0, range_m)),
            "elevation_sigma_deg": 1.0,
            "p_drone": 0.95,
        }


def phone_of(browser: Any, link: str) -> Any:
    """What the QR code opens, on a phone of its own."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="en-US",
        geolocation={"latitude": LAT, "longitude": LON, "accuracy": 9},
        permissions=["geolocation", "screen-wake-lock"],
    )
    page = context.new_page()
    page.goto(link)
    page.locator("[data-act=enrol]").click(timeout=SLOW_MS)
    page.locator("[data-act=open]").click(timeout=SLOW_MS)
    page.wait_for_selector("vigia-phone[data-ready]", timeout=SLOW_MS)
    expect(page.locator(".net[data-state=up]")).to_be_visible(timeout=SLOW_MS)
    return page


def test_from_the_link_to_the_answer_on_the_console(server: Live) -> None:
    officer = Person.enrolled(server, "Ana Ruiz", Role.WATCH_OFFICER)
    told = officer.socket()
    told.wait("hello")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        token = invite(server.folder, name="Desk", role=Role.WATCH_OFFICER).token
        console = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        console.goto(f"{server.url}/enrol#{token}")
        console.locator("[data-act=enrol]").click(timeout=SLOW_MS)
        console.locator("[data-act=open]").wait_for(timeout=SLOW_MS)
        console.goto(f"{server.url}/console")

        first = phone_of(browser, _invited(officer, server, "Agent 1"))
        first.locator("[data-act=watch]").click()
        expect(first.locator(".siren-line")).to_have_text("Siren is on", timeout=SLOW_MS)
        second = phone_of(browser, _invited(officer, server, "Agent 2"))
        _reports_offline(second, told)

        with Raid(server):
            expect(first.locator("[data-act=safe]")).to_be_visible(timeout=SLOW_MS)
            first.wait_for_timeout(700)  # the guard against a thumb already on its way
            held = "document.querySelector('vigia-phone').model.warnings.shown().alert_id"
            alert_id = first.evaluate(held)
            first.locator("[data-act=safe]").click(timeout=SLOW_MS)
            told.wait("reached", lambda m: (m["alert_id"], m["kind"]) == (alert_id, "safe"), 20)
            _print_delays(told, alert_id)
            expect(first.locator(".answer.done[data-told=true]")).to_be_visible(timeout=SLOW_MS)
            where = console.locator(".who .how-safe")
            expect(where.filter(has_text="Agent 1")).to_be_visible(timeout=SLOW_MS)
        browser.close()


def _invited(officer: Person, server: Live, name: str) -> str:
    """The link that stands in the QR code of the console."""
    body = {"name": name, "role": "officer", "post_id": "12"}
    made = officer.http.post("/api/v1/invitations", json=body)
    assert made.status_code == 200, made.text
    answer = made.json()
    assert answer["qr_svg"].startswith("<svg")
    return f"{server.url}/enrol#{answer['link'].partition('#')[2]}"


def _reports_offline(page: Any, told: Any) -> None:
    page.context.set_offline(True)
    pressed_ms = time.time() * 1000
    page.locator("[data-act=seen]").click()
    expect(page.locator(".outcome")).to_contain_text("Saved, not yet sent", timeout=SLOW_MS)
    page.wait_for_timeout(1_000)
    page.context.set_offline(False)
    expect(page.locator(".outcome[data-look=ok]")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".facts")).to_contain_text("T-", timeout=SLOW_MS)
    seen = told.wait("sighting", lambda m: m["name"] == "Agent 2", 20)
    assert abs(seen["t_ms"] - pressed_ms) < 1_000, "the time of the press, not of the sending"
    assert seen["received_ms"] - seen["t_ms"] > 1_000


def _print_delays(told: Any, alert_id: str) -> None:
    """From each decision that rang to the screen, by the phone's own word. The goal is a second;
    judged is three, because other tests run beside this one."""
    decided = {
        m["alert"]["revision"]: m["alert"]["decided_ms"]
        for m in told.seen
        if m["t"] == "alert" and m["alert"]["alert_id"] == alert_id and m["alert"]["sound"]
    }
    shown = [
        m["t_ms"]
        for m in told.seen
        if m["t"] == "reached" and (m["alert_id"], m["kind"]) == (alert_id, "delivered")
    ]
    took_ms = [min(t - d for d in decided.values() if t >= d) for t in shown]
    print(f"decision to screen: {took_ms} ms")
    assert took_ms
    assert min(took_ms) < 3_000
