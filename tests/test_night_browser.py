"""A night on the watch floor, on the real processes: replay, handover, and what every screen
is like to a tired eye, a keyboard and a screen reader."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.live import Live, Person, live, takes_people, wait_for

from eyes import Axe, glaring, pixels, red_dominant
from phone_bench import CHROMIUM, CHROMIUM_ARGS, now_ms
from vigia.run.invitations import invite
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
TABS = (
    "watch",
    "alerts",
    "bulletins",
    "incidents",
    "readiness",
    "reach",
    "sensors",
    "plan",
    "shift",
)
THEMES = ("dark", "light", "night-red", "nvg")
SEAT = {"lat_deg": 31.7925, "lon_deg": -106.7425, "alt_hae_m": None, "sigma_m": 10}


class Night:
    """One running vigia with a report and an open alert; a page for each officer."""

    def __init__(self, running: Live, browser: Any, shots: Path) -> None:
        self.running = running
        self.browser = browser
        self.shots = shots
        self.errors: list[str] = []
        self.officer = Person.enrolled(running, "Dana Holt", Role.WATCH_OFFICER)
        self.agent = Person.enrolled(running, "Eva Sol", Role.OFFICER, post_id="post-12")

    def sit(self, person: Person, path: str = "/console", size: Any = None) -> Any:
        context = self.browser.new_context(viewport=size or SMALLEST, locale="en-US")
        value = person.http.cookies["vigia_session"]
        context.add_cookies([{"name": "vigia_session", "value": value, "url": self.running.url}])
        page = context.new_page()
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(f"{self.running.url}{path}")
        page.set_default_timeout(SLOW_MS)
        if path == "/console":
            page.locator("vigia-console:is([data-watch=ready], [data-watch=degraded])").wait_for()
        return page

    def report(self, name: str) -> None:
        body = {"report_id": name, "t_ms": now_ms(), "position": SEAT,
                "bearing": {"azimuth_deg_true": 200, "sigma_deg": 10}}  # fmt: skip
        assert self.agent.http.post("/api/v1/sightings", json=body).status_code == 200

    def raise_alert(self, tier: int) -> None:
        body = {"reason": "test of the floor", "tier": tier, "target_ids": ["post/post-12"]}
        answer = self.officer.http.post("/api/v1/raise", json=body)
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("night")
    args = ["watch", "--post", "Post 12,31.792,-106.742", "--post", "Post 9,31.80,-106.70"]
    args += ["--data", str(folder / "data")]
    shots = Path(os.environ.get("VIGIA_ARTEFACTS") or folder)
    with live(args, folder / "data") as running, playwright.sync_playwright() as p:
        wait_for(lambda: takes_people(running), READY_S, 0.5)
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        made = Night(running, browser, shots)
        yield made
        browser.close()
        assert made.errors == []


def test_the_past_is_replayed_marked_and_acts_on_nothing_while_now_breaks_through(
    night: Night,
) -> None:
    night.report("r-1")
    page = night.sit(night.officer)
    expect(page.locator(".sightings")).to_contain_text("Eva Sol")
    page.wait_for_timeout(3_500)  # what is newer than this is not asked for: it may not be on disk
    page.keyboard.press(",")  # ten seconds back, from a minute ago
    band = page.locator(".replay-band")
    expect(band).to_contain_text("REPLAY")
    expect(band).to_contain_text("Nothing can be done here")
    expect(page.locator(".sightings")).to_contain_text("Nobody reported")
    page.keyboard.press(">")  # to the report
    expect(page.locator(".sightings")).to_contain_text("Eva Sol")
    night.raise_alert(3)
    now = page.locator(".live-band.danger")
    expect(now).to_contain_text("LIVE NOW")
    expect(page.locator(".banner.danger")).to_have_count(0)  # it was not so at that moment
    page.screenshot(path=str(night.shots / "night-replay.png"))
    page.wait_for_timeout(3_500)
    page.locator(".track-row input").evaluate(
        "(e) => { e.value = e.max; e.dispatchEvent(new Event('change')); }"
    )
    expect(page.locator(".banner")).to_contain_text("Post 12")
    expect(page.locator("[data-act=clear]")).to_be_disabled()
    expect(page.locator("[data-act=raise]")).to_have_attribute("title", re.compile("back to now"))
    page.keyboard.press("Escape")
    expect(band).to_have_count(0)
    expect(page.locator("[data-act=clear]")).to_be_enabled()
    page.context.close()


def test_a_replay_needs_the_role_and_every_look_is_on_record(night: Night) -> None:
    body = {"from_ms": now_ms() - 60_000, "span_s": 60, "whole": True}
    assert night.agent.http.post("/api/v1/replay", json=body).status_code == 403
    answer = night.officer.http.post("/api/v1/replay", json=body)
    assert answer.status_code == 200
    assert answer.json()["messages"][0][1]["t"] == "hello"
    old = body | {"from_ms": now_ms() - 48 * 3_600_000}
    assert night.officer.http.post("/api/v1/replay", json=old).status_code == 400
    folder = night.running.folder

    def on_record() -> bool:
        from vigia.run.ledger_store import LedgerReader

        reader = LedgerReader(folder)
        try:
            return any(b'"replay"' in entry for _, entry in reader.entries(0, 200))
        finally:
            reader.close()

    wait_for(on_record, 20.0, 0.2)


def test_a_shift_goes_from_one_officer_to_the_next(night: Night) -> None:
    page = night.sit(night.officer)
    page.keyboard.press("9")
    page.click("[data-act=draw]")
    note = page.locator(".handover[data-state=draft]")
    expect(note).to_contain_text("On watch")
    note.locator("textarea").fill("North fence light is out.")
    page.click("[data-act=sign]")
    expect(page.locator(".handover[data-state=open]")).to_contain_text("not taken over yet")
    expect(page.locator("[data-act=take]")).to_have_count(0)  # never by whoever signed it
    next_one = night.sit(Person.enrolled(night.running, "Ida Moss", Role.WATCH_OFFICER))
    next_one.keyboard.press("9")
    expect(next_one.locator(".handover")).to_contain_text("North fence light is out.")
    next_one.click("[data-act=take]")
    taken = next_one.locator(".handover[data-state=taken]")
    expect(taken).to_contain_text("Ida Moss")
    expect(taken).to_contain_text(re.compile(r"On record as input \d+, \d+"))
    next_one.screenshot(path=str(night.shots / "night-handover.png"))
    page.context.close()
    next_one.context.close()


def test_every_tab_in_every_theme_reads_well_and_keeps_eyes_dark(night: Night) -> None:
    """axe-core on each tab; in other themes its contrast, red in goggles, glare at night."""
    night.raise_alert(3)
    page = night.sit(night.officer)
    expect(page.locator(".banner.danger")).to_be_visible()
    axe = Axe(page)
    found: list[str] = []
    for theme in THEMES:
        page.locator("select.theme").select_option(theme)
        for n, tab in enumerate(TABS, start=1):
            page.keyboard.press(str(n))
            page.wait_for_timeout(100)
            rules = () if theme == "dark" else ("color-contrast",)
            found += [f"{theme} {tab} {p}" for p in axe.problems(rules)]
            shot = page.screenshot()
            (night.shots / f"night-{tab}-{theme}.png").write_bytes(shot)
            if theme == "nvg" and (red := red_dominant(pixels(shot))):
                found.append(f"nvg {tab}: {red} red-dominant pixels")
            if theme == "night-red" and (glare := glaring(pixels(shot))):
                found.append(f"night-red {tab}: {glare} pixels of green, blue or white")
    assert found == [], "\n" + "\n".join(found)
    page.context.close()


def test_what_lies_over_the_page_reads_well_too(night: Night) -> None:
    night.raise_alert(3)
    page = night.sit(night.officer)
    axe = Axe(page)
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(f"{name} {p}" for p in axe.problems())

    page.click(".quiet.sound")
    page.click(".quiet.sound")
    look("sound")
    page.keyboard.press("Escape")
    page.click("[data-act=clear]")
    look("all clear")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator(".keys-card")).to_be_visible()
    look("keys")
    page.keyboard.press("Escape")
    page.keyboard.press(",")
    expect(page.locator(".replay-band")).to_be_visible()
    look("replay")
    page.keyboard.press("Escape")
    assert found == [], "\n" + "\n".join(found)
    page.context.close()


PHONE_VIEWS = ("home", "alerts", "bulletins", "kit", "aid", "hurt", "mine", "more", "settings")


def test_a_link_leads_the_officer_to_the_console_and_the_agent_to_a_phone_that_reads_well(
    night: Night,
) -> None:
    """axe-core on every view of the phone; in other themes its contrast, red, glare."""
    for role, page_name in ((Role.WATCH_OFFICER, "console"), (Role.OFFICER, "phone")):
        made = invite(night.running.folder, name=f"By {page_name}", role=role, post_id="post-12")
        context = night.browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.on("pageerror", lambda e: night.errors.append(str(e)))
        page.goto(f"{night.running.url}/enrol#{made.token}")
        page.click("[data-act=enrol]")
        page.locator(f"[data-act=open][data-page={page_name}]").wait_for(timeout=SLOW_MS)
        if page_name == "phone":
            _read_phone(night, page)
        context.close()


def _read_phone(night: Night, page: Any) -> None:
    axe = Axe(page)
    found = [f"enrolled {p}" for p in axe.problems()]
    page.click("[data-act=open]")
    page.locator("vigia-phone[data-ready]").wait_for(timeout=SLOW_MS)
    page.wait_for_timeout(500)
    for theme in THEMES:
        page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
        for view in PHONE_VIEWS:
            page.evaluate("(v) => document.querySelector('vigia-phone').model.go(v)", view)
            page.wait_for_timeout(60)
            rules = () if theme == "dark" else ("color-contrast",)
            found += [f"{theme} {view} {p}" for p in axe.problems(rules)]
            rgb = pixels(page.screenshot())
            if theme == "nvg" and (red := red_dominant(rgb)):
                found.append(f"nvg {view}: {red} red-dominant pixels")
            if theme == "night-red" and (glare := glaring(rgb)):
                found.append(f"night-red {view}: {glare} pixels of green, blue or white")
    assert found == [], "\n" + "\n".join(found)


def test_the_sound_says_the_truth_and_a_mute_counts_down(night: Night) -> None:
    page = night.sit(night.officer)
    button = page.locator(".quiet.sound")
    expect(button).to_contain_text("SOUND IS OFF")
    button.click()
    expect(button).to_have_attribute("data-sound", "on")
    button.click()
    panel = page.locator(".sound-panel")
    expect(panel).to_contain_text(re.compile("No voice on this machine|Speaks with a voice"))
    assert panel.locator("[data-test]").count() == 5
    page.click("[data-act=mute]")
    expect(button).to_contain_text(re.compile(r"Muted (5:00|4:5\d), not DANGER"))
    page.click("[data-act=sound-off]")
    expect(button).to_contain_text("SOUND IS OFF")
    page.context.close()


def test_the_clock_and_every_tab_stay_on_the_screen_in_both_languages(night: Night) -> None:
    page = night.sit(night.officer)
    for lang in ("es", "en"):
        page.locator(f"button[lang={lang}]").click()
        page.locator(f"button[lang={'en' if lang == 'es' else 'es'}]").wait_for()
        for wide in (1366, 1600, 1920, 2560, 3840):
            page.set_viewport_size({"width": wide, "height": wide * 9 // 16})
            box = page.locator(".clock").bounding_box()
            assert box["x"] + box["width"] <= wide, (wide, lang, box)
            last = page.locator(".tabs button").last.bounding_box()
            sound = page.locator(".quiet.sound").bounding_box()
            assert last["x"] + last["width"] <= sound["x"], (wide, lang)
    page.context.close()


def test_the_keyboard_reaches_everything_and_is_caught_nowhere(night: Night) -> None:
    page = night.sit(night.officer)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_visible()
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(_FOCUSED))
        if seen[-1].startswith("skip|") or seen[-1] == "none":
            break
    assert any("tab|" in s for s in seen)
    assert any("range|" in s for s in seen), seen
    assert all(s.endswith("|seen") for s in seen if s != "none"), seen
    assert seen[-1].startswith(("skip|", "none")), "the circle closes: no trap"
    page.context.close()


_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return 'none';
  const holder = e.type === 'range' ? e.parentElement : e;
  const s = getComputedStyle(holder);
  const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 ? 'seen' : 'unseen';
  const tag = e.getAttribute('role') || e.tagName.toLowerCase();
  const kind = e.classList.contains('skip') ? 'skip' : e.type === 'range' ? 'range' : tag;
  return `${kind}|${e.textContent.trim().slice(0, 20)}|${seen}`;
}"""
