"""The console shows what other agencies sent, with the verdict, and takes none for an alert."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from phone_bench import CHROMIUM, CHROMIUM_ARGS, Bench, now_ms

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]


def a_row(number: int, trust: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": f"cap-{number}", "trust": trust, "received_ms": now_ms(), "status": "Actual",
        "msg_type": "Alert", "sender": "watch@agency-b.example", "headline": "TAKE COVER: drone",
        "area": "Post 7", "urgency": "Immediate", "severity": "Extreme", "certainty": "Observed",
        "instruction": "Get under hard cover now.", "why": "",
    }  # fmt: skip
    return row | more


def test_a_received_message_is_told_and_listed_and_rings_nothing(tmp_path: Path) -> None:
    bench = Bench()
    rows = [
        a_row(3, "refused", sender="", headline="", status="", msg_type="", area="", urgency="",
              severity="", certainty="", instruction="", why="XML: got a document type"),
        a_row(2, "bad_signature", why="signature: InvalidDigest"),
        a_row(1, "trusted", status="Exercise"),
    ]  # fmt: skip
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="en-US")
        page.goto(f"{bench.base}/fake/login?role=watch_officer&next=/console")
        page.locator("vigia-console[data-watch=ready]").wait_for(timeout=60_000)
        bench.gateway.cap_messages = rows
        told = {"t": "records", "kind": "cap", "id": "cap-2", "version": 1}
        bench.loop.call_soon_threadsafe(bench.gateway.broadcast, told, "watch_officer")
        toast = page.locator(".toast")
        expect(toast).to_contain_text("watch@agency-b.example: Signature wrong", timeout=20_000)
        expect(page.locator(".banner.danger")).to_have_count(0)
        page.keyboard.press("a")
        listed = page.locator(".received li")
        expect(listed).to_have_count(3)
        expect(listed.nth(2)).to_contain_text("Signature verified")
        expect(listed.nth(2)).to_contain_text("Exercise")
        expect(listed.nth(0)).to_contain_text("Not a CAP message")
        expect(page.locator(".received")).to_contain_text("They warn nobody here")
        folder = Path(os.environ.get("VIGIA_ARTEFACTS") or tmp_path)
        page.screenshot(path=str(folder / "console-cap.png"))
        browser.close()
    bench.stop()
