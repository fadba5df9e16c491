"""The desk's form for words, on the real processes: understood, corrected, sent, never lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.live import Live, Person, free_port, live, wait_for

from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.terms import Role

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
SLOW_MS = 30_000
KEY = "a-key-of-some-length-0123456789"
SITE = """
[site]
lat_deg = 31.79
lon_deg = -106.75
[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.792
lon_deg = -106.742
[text]
key_file = "{}"
[tak]
listen_tls = "127.0.0.1:{}"
"""


class Floor:
    def __init__(self, running: Live, page: Any, shots: Path) -> None:
        self.running = running
        self.page = page
        self.shots = shots

    def shot(self, name: str) -> None:
        self.page.screenshot(path=str(self.shots / f"words-{name}.png"))

    def sms(self, text: str) -> None:
        body = {"from": "+15550100", "text": text}
        head = {"X-Vigia-Key": KEY}
        answer = httpx.post(f"{self.running.url}/api/v1/sms", json=body, headers=head)
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("words")
    (folder / "sms.key").write_text(KEY)
    (folder / "site.toml").write_text(SITE.format(folder / "sms.key", free_port()))
    args = ["watch", "--settings", str(folder / "site.toml"), "--data", str(folder / "data")]
    shots = Path(os.environ.get("VIGIA_ARTEFACTS") or folder)
    errors: list[str] = []
    with live(args, folder / "data") as running, playwright.sync_playwright() as p:
        found: list[Person] = []
        wait_for(lambda: found or _enrolled(running, found), 90.0, 0.5)
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        size = {"width": 1366, "height": 768}
        context = browser.new_context(viewport=size, locale="en-US")
        value = found[0].http.cookies["vigia_session"]
        context.add_cookies([{"name": "vigia_session", "value": value, "url": running.url}])
        page = context.new_page()
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.set_default_timeout(SLOW_MS)
        expect.set_options(timeout=SLOW_MS)
        page.goto(f"{running.url}/console")
        page.locator(
            "vigia-console[data-watch=ready], vigia-console[data-watch=degraded]"
        ).wait_for()
        yield Floor(running, page, shots)
        browser.close()
        expect.set_options(timeout=5_000)
    assert errors == []


def _enrolled(running: Live, found: list[Person]) -> bool:
    """The first start on a machine compiles for a while."""
    try:
        found.append(Person.enrolled(running, "Dana Holt", Role.WATCH_OFFICER))
    except AssertionError:
        return False
    return True


def test_a_report_by_radio_is_understood_before_it_is_sent_and_stands_among_the_sightings(
    floor: Floor,
) -> None:
    page = floor.page
    page.locator("[data-act=words]").click()
    page.keyboard.type("2 drones low NE of heading south carrying something")
    expect(page.locator(".understood.not")).to_contain_text("WHERE?")
    page.locator(".words textarea").fill(
        "2 drones low NE of post 12 heading south carrying something"
    )
    expect(page.locator(".understood:not(.not)")).to_contain_text(
        "2 drones, drone, carries something, moving, seen to the north-east, going south, low, "
        "place: Post 12"
    )
    page.locator(".words input").first.fill("Romeo 1")
    floor.shot("understood")
    page.keyboard.press("Enter")
    expect(page.locator(".words [data-word]")).to_contain_text("Counts as a report")
    expect(page.locator(".sighting").first).to_contain_text("carries something")
    assert page.locator(".words-band").count() == 0  # nobody has to look at it
    page.keyboard.press("Escape")
    expect(page.locator(".words")).to_have_count(0)
    expect(page.locator("[role=tab][aria-selected=true]")).to_contain_text("Watch")


def test_a_text_message_nobody_understood_stays_in_sight_until_somebody_handled_it(
    floor: Floor,
) -> None:
    page = floor.page
    floor.sms("that thing again, 500 m north of us")
    floor.sms("drone flying south")
    band = page.locator(".words-band")
    expect(band).to_have_attribute("data-waiting", "2")
    page.keyboard.press("2")  # in every tab
    expect(band).to_be_visible()
    page.reload()  # and after a reload
    expect(band).to_have_attribute("data-waiting", "2")
    band.locator("button").click()
    unplaced = page.locator(".words li.needs", has_text="drone flying south")
    expect(unplaced).to_contain_text("WHERE?")
    unplaced.locator("[data-do=rewrite]").click()
    page.locator(".words textarea").fill("drone flying south at post 12")
    expect(page.locator(".understood:not(.not)")).to_contain_text("Post 12")
    floor.shot("list")
    page.locator(".words .primary").click()
    expect(band).to_have_attribute("data-waiting", "1")
    left = page.locator(".words li.needs")
    left.locator("[data-do=settle]").click()  # without a word about it nothing is done
    expect(left.locator("input")).to_be_focused()
    expect(band).to_have_attribute("data-waiting", "1")
    left.locator("input").fill("called back, it was a bird")
    left.locator("[data-do=settle]").click()
    expect(band).to_have_count(0)


def test_it_speaks_spanish_too(floor: Floor) -> None:
    page = floor.page
    page.locator("header.top button[lang=es]").click()
    expect(page.locator(".words h2")).to_have_text("Avisos en palabras")
    page.locator(".words textarea").fill("dos drones hacia el sur en puesto 12")
    expect(page.locator(".understood:not(.not)")).to_contain_text("va al sur")
    floor.shot("spanish")


def test_an_administrator_makes_a_tak_package_that_one_scan_fetches_once(floor: Floor) -> None:
    page, running = floor.page, floor.running
    admin = Person.enrolled(running, "Ada Roth", Role.ADMIN)
    value = admin.http.cookies["vigia_session"]
    context = page.context.browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": "vigia_session", "value": value, "url": running.url}])
    other = context.new_page()
    other.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    other.set_default_timeout(SLOW_MS)
    other.goto(f"{running.url}/console")
    other.locator("vigia-console[data-watch=ready], vigia-console[data-watch=degraded]").wait_for()
    other.locator("header.top button[title*=phone]").click()
    other.locator(".dialog input[name=name]").fill("Ana Ruiz")
    other.locator(".dialog summary").click()
    other.screenshot(path=str(floor.shots / "words-tak.png"))
    other.locator(".dialog [name=tak]").click()
    expect(other.locator(".qr img")).to_be_visible()
    link = other.locator(".dialog .link").inner_text()
    got = httpx.get(link)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
    assert got.content.startswith(b"PK")
    assert httpx.get(link).status_code == 404
    context.close()
