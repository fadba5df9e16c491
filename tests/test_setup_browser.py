"""The first hour walked in a browser, over TLS on this machine's LAN address, to READY."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.live import free_port, wait_for

from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.geo import Site
from vigia.run.settings import load_settings
from vigia.run.simulate.capture import Flight, frames, header
from vigia.run.site_ca import own_addresses
from vigia.terms import Mark

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

LAN = own_addresses()[0]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
    pytest.mark.skipif(LAN.startswith("127."), reason="this machine has no other address"),
]
LAT, LON = 31.79, -106.75
GUARD_MS = 1_500
SLOW_MS = 90_000  # others may use the cores, and kernels may be compiled
PEOPLE = "name,role,post,language\nAgent 4471,agent,Post 1,en\nAna Ruiz,watch officer,,es\n"


class Setup:
    """`vigia setup` as a newcomer starts it, its page on the LAN."""

    def __init__(self, folder: Path) -> None:
        self.settings, self.data = folder / "site.toml", folder / "data"
        self.port = free_port()
        command = [
            *(sys.executable, "-m", "vigia", "setup", "--no-browser"),
            *("--settings", str(self.settings), "--data", str(self.data)),
            *("--page", f"0.0.0.0:{free_port()}", "--listen", f"0.0.0.0:{self.port}"),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"https://\S+", self.process.stdout.readline())
        assert found is not None
        self.link = found[0]


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    it = Setup(tmp_path)
    yield it
    it.process.send_signal(signal.SIGTERM)
    it.process.wait(30)
    assert it.process.stdout is not None
    it.process.stdout.close()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A recording of a drone far away, so that nobody is warned of it."""
    path = tmp_path / "far.pcap"
    site = Site(lat_deg=LAT + 0.2, lon_deg=LON, alt_hae_m=0.0)
    flight = Flight("VIGIATEST1", 0.0, 900.0, 0.0, 8.0)
    start = 1_767_225_600 * 10**9
    records = b"".join(r for _, r in frames(site, [flight], start_ns=start, seconds=60, hz=2))
    path.write_bytes(header() + records)
    return path


def _page(browser: Any, url: str) -> Any:
    # No CA is installed in the test's browser, as on a phone whose owner accepts the warning.
    context = browser.new_context(ignore_https_errors=True, locale="en-US")
    page = context.new_page()
    page.goto(url)
    return page


def _step(page: Any, name: str) -> Any:
    page.locator(f"[data-act={name}]").click()
    expect(page.locator(f"[data-act={name}]")).to_be_visible()
    return page.locator("vigia-setup")


def test_a_newcomer_reaches_ready_over_tls_on_the_lan(setup: Setup, capture: Path) -> None:
    assert LAN in setup.link
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        page = _page(browser, setup.link)
        page.wait_for_selector("vigia-setup[data-ready]")
        status = page.locator(".status")
        expect(status).to_contain_text("Not ready")

        page.fill("[name=agency]", "River Patrol")
        page.wait_for_selector(".map canvas")
        page.locator(".map").click()
        page.fill("[name=lat_deg-0]", str(LAT))
        page.fill("[name=lon_deg-0]", str(LON))
        _step(page, "place")
        expect(page.locator("[data-step=place] .good")).to_contain_text("site.toml")

        page.fill("[name=csv]", PEOPLE + "Nobody,king,,\n")
        _step(page, "people")
        expect(page.locator("[data-step=people] .bad")).to_contain_text("Line 4:")
        expect(page.locator("[data-step=people] .good")).to_contain_text("2 people")

        page.fill("[name=sensor-source]", str(capture))
        page.check("[name=sensor-simulated]")
        _step(page, "sensor")
        expect(page.locator("[data-heard]")).to_contain_text("detections", timeout=SLOW_MS)
        expect(page.locator("[data-heard]")).to_have_class("good")

        _step(page, "codes")
        expect(page.locator(".sheet")).to_have_count(2, timeout=SLOW_MS)
        link = page.locator(".sheet .code").first.inner_text()
        assert link.startswith(f"https://{LAN}:{setup.port}/enrol#")

        phone = _page(browser, link)  # another device
        phone.locator("[data-act=enrol]").click()
        phone.locator("[data-act=open]").click(timeout=SLOW_MS)
        phone.wait_for_selector("vigia-phone[data-ready]")

        _step(page, "drill")
        expect(status).to_contain_text("Nobody has answered", timeout=SLOW_MS)
        assert "READY" not in status.inner_text()
        phone.wait_for_selector("button.answer", timeout=SLOW_MS)
        phone.wait_for_timeout(GUARD_MS)  # a press in the moment it appears does not count
        phone.locator("button.answer").click()
        expect(status).to_contain_text("READY", timeout=SLOW_MS)
        expect(status).to_contain_text("Agent 4471")
        page.locator("[data-act=done]").click()
        browser.close()
    wait_for(lambda: setup.process.poll() is not None, 30)
    made = load_settings(setup.settings)
    assert made.mode is Mark.ACTUAL
    assert made.site.name == "River Patrol"
    assert made.sensors["mast"].simulated


def test_the_link_opens_once_and_without_it_nothing_is_told(setup: Setup) -> None:
    import httpx

    base, _, token = setup.link.partition("/#")
    with (
        httpx.Client(base_url=base, verify=False) as one,
        httpx.Client(base_url=base, verify=False) as other,
    ):
        assert one.get("/api/state").status_code == 401
        assert other.post("/api/open", json={"token": "x" * 32}).status_code == 403
        assert one.post("/api/open", json={"token": token}).status_code == 200
        assert one.get("/api/state").json()["ready"] is False
        assert other.post("/api/open", json={"token": token}).status_code == 403
        assert other.get("/api/state").status_code == 401
        evil = {"Origin": "https://elsewhere.example"}
        assert one.post("/api/start", json={}, headers=evil).status_code == 403
        assert one.get("/static/../../settings.py").status_code == 404
