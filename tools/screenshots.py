"""`make screenshots`: the real demo, console and phone enrolled by link -> docs/images/*.png.

Every tab of the console in every theme goes to VIGIA_ARTEFACTS (else artefacts/).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.live import Live, live
from vigia.run.demo import demo_agent
from vigia.run.invitations import invite
from vigia.terms import Role

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SCREENS = Path(os.environ.get("VIGIA_ARTEFACTS") or ROOT / "artefacts") / "screens"
THEMES = ("dark", "light", "night-red", "nvg")
REPLAY_S = 20.0
CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
DANGER_S = 100.0  # the demo's first DANGER comes well before


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "demo"
        args = ["demo", "--no-browser", "--data", str(data)]
        with live(args, data) as running, sync_playwright() as p:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            _take(running, browser)
            browser.close()
    return 0


def _take(running: Live, browser: Browser) -> None:
    console = _enrolled(running, browser, (1600, 900), "console", "Watch floor", Role.WATCH_OFFICER)
    agent = demo_agent()
    phone = _enrolled(
        running, browser, (390, 844), agent.person_id, agent.name, Role.AGENT, agent.post_id
    )
    console.goto(f"{running.url}/console")
    phone.goto(running.url)
    phone.wait_for_selector("vigia-phone[data-ready]")
    phone.wait_for_timeout(2000)
    _go(phone, "home")
    phone.screenshot(path=IMAGES / "phone-home.png")
    _go(phone, "aid")
    phone.screenshot(path=IMAGES / "phone-aid.png")
    _go(phone, "home")
    end = time.monotonic() + DANGER_S
    while time.monotonic() < end and "DANGER" not in console.inner_text("body"):
        console.wait_for_timeout(500)
    console.wait_for_timeout(3000)
    console.screenshot(path=IMAGES / "console-danger.png")
    phone.screenshot(path=IMAGES / "phone-alert.png")
    _replay(console)
    phone.dispatch_event("[data-act=hit]", "pointerdown")
    phone.wait_for_selector(".hurt .outcome[data-look=ok]")
    phone.screenshot(path=IMAGES / "phone-hurt.png")
    _every_tab(console)
    print(f"taken into {IMAGES}, every tab and theme into {SCREENS}")


def _replay(console: Page) -> None:
    """While the raid is on: what happens now stands above it."""
    console.keyboard.press(",")
    end = time.monotonic() + REPLAY_S
    while time.monotonic() < end and not console.locator(".replaying .needle").count():
        console.wait_for_timeout(200)
    console.wait_for_timeout(4000)
    console.screenshot(path=IMAGES / "console-replay.png")
    console.keyboard.press("Escape")


def _every_tab(console: Page) -> None:
    tabs = console.locator(".tabs button").count()
    for theme in THEMES:
        console.select_option("select.theme", theme)
        for n in range(1, tabs + 1):
            console.keyboard.press(str(n))
            console.wait_for_timeout(1200 if n == 1 else 500)
            console.screenshot(path=SCREENS / f"console-{n}-{theme}.png")
            if theme == "dark" and n == 8:
                console.screenshot(path=IMAGES / "console-plan.png")


def _go(phone: Page, view: str) -> None:
    phone.evaluate(f"document.querySelector('vigia-phone').model.go('{view}')")
    phone.wait_for_timeout(500)


def _enrolled(
    running: Live,
    browser: Browser,
    size: tuple[int, int],
    person_id: str,
    name: str,
    role: Role,
    post_id: str | None = None,
) -> Page:
    made = invite(running.folder, name=name, role=role, person_id=person_id, post_id=post_id)
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=1,
        permissions=["geolocation"],
        geolocation={"latitude": 31.8072, "longitude": -107.165},
    )
    page = context.new_page()
    page.goto(f"{running.url}/enrol#{made.token}")
    page.click("[data-act=enrol]")
    page.wait_for_selector("[data-act=open]", timeout=15_000)
    return page


if __name__ == "__main__":
    sys.exit(main())
