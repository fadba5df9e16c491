"""The phone page on the real watch and gateway: link, report, warning, answer; in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.live import Live, Person, live

from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.geo import Site
from vigia.run.invitations import invite
from vigia.run.simulate.capture import Flight, frames, header
from vigia.terms import Role

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
LAT, LON = 31.79, -106.75


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Live]:
    """`vigia watch` on 40 s of a drone that comes from the north at 15 m/s, a post below it."""
    capture = tmp_path / "approach.pcap"
    site = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
    flight = Flight("VIGIATEST1", 0.0, 700.0, 0.0, -15.0)
    start = 1_767_225_600 * 10**9
    records = b"".join(r for _, r in frames(site, [flight], start_ns=start, seconds=40, hz=2))
    capture.write_bytes(header() + records)
    post = f"Post 12,{LAT},{LON}"
    args = ["watch", str(capture), "--post", post, "--data", str(tmp_path / "data")]
    with live(args, tmp_path / "data-exercise") as it:
        yield it


def enrolled(context: Any, running: Live, name: str) -> Any:
    """A page that came in by its link."""
    token = invite(running.folder, name=name, role=Role.AGENT, post_id="post-12").token
    page = context.new_page()
    page.goto(f"{running.url}/enrol#{token}")
    page.locator("[data-act=enrol]").click()
    page.locator("[data-act=open]").click(timeout=20_000)
    page.wait_for_selector("vigia-phone[data-ready]")
    return page


def test_a_link_a_report_a_warning_and_an_answer_through_the_real_processes(
    running: Live,
) -> None:
    officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
    console = officer.socket()
    console.wait("hello")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            locale="en-US",
            geolocation={"latitude": LAT, "longitude": LON, "accuracy": 9},
            permissions=["geolocation"],
        )
        page = enrolled(context, running, "Agent 1")
        errors: list[str] = []
        page.on("pageerror", lambda e: errors.append(str(e)))

        # the warning takes the screen by itself, marked as what a recording is
        expect(page.locator(".alert")).to_contain_text("From the north", timeout=40_000)
        expect(page.locator(".mark-bar")).to_contain_text("EXERCISE")
        delivered = console.wait("reached", lambda m: m["kind"] == "delivered", 20)

        # a report while warned: received means on disk
        page.locator("[data-act=report]").click()
        expect(page.locator(".truth")).to_contain_text("From the north")
        page.locator("[data-act=seen]").click()
        expect(page.locator(".outcome[data-look=ok]")).to_be_visible(timeout=10_000)
        page.get_by_role("button", name="north", exact=True).click()
        seen = console.wait("sighting", lambda m: bool(m["bearing"]), 10)
        assert seen["name"] == "Agent 1"
        assert 0 <= seen["received_ms"] - seen["t_ms"] < 20_000

        # the answer reaches the watch floor, and the phone knows that it did
        page.locator("[data-act=done]").click()
        page.locator("[data-act=open-alert]").click()
        page.locator("[data-act=safe]").click(timeout=30_000)
        safe = console.wait("reached", lambda m: m["kind"] == "safe", 10)
        assert safe["alert_id"] == delivered["alert_id"]
        expect(page.locator(".answer.done[data-told=true]")).to_be_visible()

        # an officer's all clear names its author; a drone still coming would rightly undo it
        console.wait(
            "picture", lambda m: all(m["t_ms"] - t["last_ms"] > 3000 for t in m["tracks"]), 60
        )
        word: dict[str, Any] = {"reason": "seen to land"}
        for _ in range(3):  # he is asked back while the drone's track or a blind post is there
            answer = officer.http.post("/api/v1/all-clear", json=word).json()
            assert answer["received"] is True
            asked = answer.get("asked")
            if asked is None:
                break
            word |= {"clear_id": answer["clear_id"], "accepts": asked["open"]}
        expect(page.locator(".by")).to_contain_text("Ana Ruiz")
        assert errors == []
        browser.close()


def test_a_call_for_help_a_bulletin_and_a_check_through_the_real_processes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    args = ["watch", "--post", f"Post 12,{LAT},{LON}", "--data", str(folder)]
    with live(args, folder) as it, playwright.sync_playwright() as p:
        writer = Person.enrolled(it, "Ana Ruiz", Role.WATCH_OFFICER)
        releaser = Person.enrolled(it, "Bo Lind", Role.RELEASER)
        release_memo(writer, releaser)
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            locale="es-MX",
            geolocation={"latitude": LAT, "longitude": LON, "accuracy": 9},
            permissions=["geolocation"],
        )
        page = enrolled(context, it, "Agent 1")
        page.locator("[data-act=todo-bulletins]").click(timeout=20_000)
        page.locator("[data-act=read]").click()
        expect(page.locator("[data-told=true]")).to_be_visible(timeout=10_000)
        (row,) = writer.http.get("/api/v1/desk/bulletins").json()["bulletins"]
        assert [r["name"] for r in row["read"]] == ["Agent 1"]

        page.locator("[data-act=back]").click()
        page.locator("[data-tab=home]").click()
        page.locator("[data-act=todo-kit]").click()
        for name in ("kit-none", "tourniquet-true", "armour-true", "medic-true"):
            page.locator(f"[data-say={name}]").click()
        page.locator("[data-act=send-check]").click()
        expect(page.locator("[data-told=true]")).to_contain_text("sin botiquín", timeout=10_000)

        page.locator("[data-tab=home]").click()
        page.locator("[data-act=hit]").dispatch_event("pointerdown")
        expect(page.locator(".outcome[data-look=ok]")).to_contain_text("Ayuda", timeout=10_000)
        page.locator("[data-limb=left_leg]").click()
        page.locator("[data-say=n-2]").click()
        page.locator("[data-say=awake-false]").click()
        page.locator("[data-act=close]").click()
        page.locator("[data-act=close]").click()
        expect(page.locator(".status")).not_to_contain_text("por enviar", timeout=10_000)
        (told,) = writer.http.get("/api/v1/casualties?lang=es").json()["casualties"]
        report = told["report"]
        assert (told["by"], told["closed"], report["unit"]) == ("Agent 1", True, "Post 12")
        assert (report["patients"], report["tourniquets"][0]["limb"]) == (2, "left_leg")
        assert report["signs"][0]["awake"] is False
        ready = writer.http.get("/api/v1/first-aid/ready").json()
        agent = next(r for r in ready["people"] if r["name"] == "Agent 1")
        assert (agent["medic"], agent["why"]) == (True, ["ready.no_kit"])
        browser.close()


def release_memo(writer: Person, releaser: Person) -> None:
    """The memo of the template: written by one, released by another."""
    bulletin = writer.http.get("/api/v1/desk/bulletins/template").json()["bulletin"]
    for version, status in ((1, "draft"), (2, "review")):
        body = {"version": version, "bulletin": bulletin | {"status": status}}
        writer.http.post("/api/v1/desk/bulletins/b1", json=body).raise_for_status()
    releaser.http.post("/api/v1/desk/bulletins/b1/release", json={"version": 3}).raise_for_status()
