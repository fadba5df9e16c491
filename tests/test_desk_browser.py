"""The desk's tabs as people use them, on the real processes, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.live import Live, Person, live, wait_for

from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.terms import Role

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
SMALLEST = {"width": 1366, "height": 768}
SLOW_MS = 30_000
READY_S = 90.0


class Desk:
    """One browser on one running vigia; a page for each person."""

    def __init__(self, running: Live, browser: Any, shots: Path) -> None:
        self.running = running
        self.browser = browser
        self.shots = shots
        self.errors: list[str] = []

    def sit(self, person: Person) -> Any:
        """The console as that person has it open; without a map, which takes longest to draw."""
        context = self.browser.new_context(viewport=SMALLEST, locale="en-US")
        value = person.http.cookies["vigia_session"]
        context.add_cookies([{"name": "vigia_session", "value": value, "url": self.running.url}])
        page = context.new_page()
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(f"{self.running.url}/console")
        page.locator(
            "vigia-console[data-watch=ready], vigia-console[data-watch=degraded]"
        ).wait_for(timeout=SLOW_MS)
        page.set_default_timeout(SLOW_MS)
        return page

    def shot(self, page: Any, name: str) -> None:
        page.screenshot(path=str(self.shots / f"desk-{name}.png"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    args = ["watch", "--post", "Post 12,31.792,-106.742", "--post", "Post 9,31.80,-106.70"]
    args += ["--data", str(folder / "data")]
    shots = Path(os.environ.get("VIGIA_ARTEFACTS") or folder)
    with live(args, folder / "data") as running, playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        made = Desk(running, browser, shots)
        wait_for(lambda: _takes_people(running), READY_S, 0.5)
        yield made
        browser.close()
        assert made.errors == []


def _takes_people(running: Live) -> bool:
    """The first start on a machine compiles for a while."""
    try:
        Person.enrolled(running, "Dana Holt", Role.WATCH_OFFICER)
    except AssertionError:
        return False
    return True


def test_a_bulletin_goes_from_the_template_to_a_second_person_and_its_readers(desk: Desk) -> None:
    ana = Person.enrolled(desk.running, "Ana Ruiz", Role.ANALYST)
    bo = Person.enrolled(desk.running, "Bo Lind", Role.RELEASER)
    officer = Person.enrolled(desk.running, "Eva Sol", Role.OFFICER, post_id="post-12")
    page = desk.sit(ana)
    page.keyboard.press("3")
    page.locator("[data-act=template]").first.click()
    expect(page.locator(".side")).to_contain_text("Nothing is missing")
    title = page.locator(".editor .pair textarea[lang=es]").first
    title.fill("")
    expect(page.locator(".missing")).to_contain_text("in one language only")
    title.fill("Drones con explosivos en la frontera")
    expect(page.locator(".missing")).to_have_count(0)
    page.locator("[data-act=review]").click()
    expect(page.locator("[data-act=release]")).to_be_disabled()  # she wrote it, and may not anyway
    desk.shot(page, "bulletin-edit")

    second = desk.sit(bo)
    second.keyboard.press("3")
    second.locator(".item.review").click()
    second.locator("[data-act=release]").click()
    receipts = second.locator("[data-read]")
    expect(receipts).to_contain_text("0 of 4")
    (mine,) = officer.http.get("/api/v1/bulletins").json()["bulletins"]
    told = {"edition": mine["edition"], "t_ms": 1}
    officer.http.post(f"/api/v1/bulletins/{mine['id']}/read", json=told).raise_for_status()
    expect(receipts).to_contain_text("1 of 4")
    expect(second.locator(".side .who .how-seen")).to_contain_text("Eva Sol")
    desk.shot(second, "bulletin-board")
    page.context.close()
    second.context.close()
