"""The console's map in a browser: a crowded sky, clusters, layers by key, a broken frame, a hidden
page, a map that the operator added."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from map_samples import roads_file
from phone_bench import CHROMIUM, CHROMIUM_ARGS, Json, now_ms
from test_console_browser import SMALLEST, Floor, a_track
from vigia.cli import app
from vigia.run.map_files import Shelf

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
    pytest.mark.skipif(sys.platform == "darwin", reason="software GL of Debian's chromium"),
]
N = 1_500
SLOW_MS = 30_000
MAP = "document.querySelector('vigia-console').map"


def crowd(**more: Any) -> list[Json]:
    """N harmless tracks about the site."""
    chance, now = random.Random(1), now_ms()
    return [
        a_track(
            track_id=f"c{i:06x}", number=1000 + i, flags=[], arrival=None, t_ms=now, last_ms=now,
            lat_deg=31.79 + chance.gauss(0, 0.2), lon_deg=-106.74 + chance.gauss(0, 0.2), **more,
        )
        for i in range(N)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def floor() -> Iterator[Floor]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        made = Floor(browser, "actual", SMALLEST)
        yield made
        made.close()
        browser.close()


def _settled(floor: Floor, what: str) -> None:
    """Until an expression is true on the page; the content policy forbids wait_for_function."""
    end = time.monotonic() + SLOW_MS / 1000
    while not floor.page.evaluate(what):
        assert time.monotonic() < end, what
        floor.page.wait_for_timeout(50)


def test_a_cluster_counts_and_hides_nobody_who_endangers_somebody(floor: Floor) -> None:
    page = floor.page
    floor.danger()
    floor.picture(*crowd(), a_track())
    expect(page.locator(".left h2").first).to_contain_text(f"60 of {N + 1}", timeout=SLOW_MS)
    page.evaluate(f"{MAP}.map.jumpTo({{zoom: 7}})")
    _settled(floor, f"{MAP}.shown.clusters.length > 3")
    drawn, counted, hidden = page.evaluate(
        f"(() => {{ const m = {MAP}; return [m.layer.last.sprites[1],"
        " m.shown.clusters.reduce((n, c) => n + c.count, 0),"
        " m.shown.hidden[m.scene.table.row('t41')]]; })()"
    )
    assert (drawn + counted, hidden) == (N + 1, 0)
    page.evaluate(f"{MAP}.map.jumpTo({{zoom: 12}})")
    _settled(floor, f"{MAP}.shown.clusters.length === 0 && {MAP}.layer.last.sprites[1] === {N + 1}")
    assert floor.errors == []


def test_a_broken_picture_is_counted_and_shown_and_the_next_is_read(floor: Floor) -> None:
    page = floor.page
    for socket in floor.bench.gateway.sockets:
        floor.bench.loop.call_soon_threadsafe(socket.send_bytes, b"VGT1" + bytes(range(60)))
    expect(page.locator("[data-bad='1']")).to_contain_text("could not be read: 1")
    floor.picture(a_track(number=7))
    expect(page.locator(".track")).to_have_count(1)
    expect(page.locator(".track")).to_contain_text("T-007")


def test_layers_are_switched_by_key_and_the_button_tells_what_is_off(floor: Floor) -> None:
    page = floor.page
    page.keyboard.press("l")
    trails = page.locator("[data-layer=trails]")
    expect(trails).to_have_attribute("aria-checked", "true")
    page.keyboard.press("Shift+Digit2")
    expect(trails).to_have_attribute("aria-checked", "false")
    expect(page.locator(".layers > button")).to_contain_text("1 off")
    page.keyboard.press("Shift+Digit2")
    expect(page.locator(".layers > button")).not_to_contain_text("off")
    expect(page.locator("[data-layer=relief]")).to_be_disabled()
    expect(page.locator("[data-layer=relief]")).to_contain_text("vigia map add")
    page.keyboard.press("l")


def test_a_hidden_page_is_sent_nothing_and_catches_up_at_once(floor: Floor) -> None:
    page, gateway = floor.page, floor.bench.gateway
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    floor.bench.wait_for(lambda: not next(iter(gateway.sockets)).looks)
    before = page.evaluate(f"{MAP}.scene.table.t_ms")
    floor.picture(a_track(number=8))
    page.wait_for_timeout(700)
    assert page.evaluate(f"{MAP}.scene.table.t_ms") == before
    expect(page.locator(".track")).to_contain_text("T-007")
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    floor.bench.wait_for(lambda: next(iter(gateway.sockets)).looks)
    floor.picture(a_track(number=9))
    expect(page.locator(".track")).to_contain_text("T-009")


def test_a_map_that_was_added_is_drawn_with_its_source_named(floor: Floor, tmp_path: Path) -> None:
    roads = roads_file(tmp_path / "roads.pmtiles", range(8, 11))
    done = CliRunner().invoke(app, ["map", "add", str(roads), "--data", str(tmp_path)])
    assert done.exit_code == 0, done.output
    floor.bench.gateway.shelf = Shelf(tmp_path)
    floor.page.evaluate("document.querySelector('vigia-console').loads.maps()")
    expect(floor.page.locator(".credits")).to_contain_text("invented roads")
    floor.page.evaluate(f"{MAP}.map.jumpTo({{zoom: 10, center: [-106.74, 31.79]}})")
    _settled(
        floor, f"{MAP}.map.queryRenderedFeatures({{layers: ['map-roads-road-roads']}}).length > 0"
    )
    assert floor.errors == []
