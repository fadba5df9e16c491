"""The phone page as a person meets it: press, reload, be warned, answer; in a real browser."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phone_bench import CHROMIUM, CHROMIUM_ARGS, Bench, an_alert, now_ms

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
PHONE = {"width": 390, "height": 844}
SHELL_KEPT = """Promise.race([
    navigator.serviceWorker.ready,
    new Promise((_, no) => setTimeout(() => no(new Error('no service worker')), 15000)),
]).then((worker) => worker.active.state)"""


@pytest.fixture(scope="module")
def player() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        yield p


@pytest.fixture(scope="module")
def chromium(player: Any) -> Iterator[Any]:
    browser = player.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
    yield browser
    browser.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.stop()


class Phone:
    """One phone: a browser profile, its page, and what went wrong in it."""

    def __init__(self, browser: Any, bench: Bench, **options: Any) -> None:
        self.bench = bench
        self.context = browser.new_context(
            viewport=PHONE,
            geolocation={"latitude": 31.79, "longitude": -106.74, "accuracy": 9},
            permissions=["geolocation", "accelerometer", "gyroscope", "magnetometer"],
            **options,
        )
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def log_in(self) -> Phone:
        return self.open("/fake/login?role=agent&next=/")

    def open(self, path: str) -> Phone:
        self.page.goto(self.bench.base + path)
        self.page.wait_for_selector("vigia-phone[data-ready]")
        return self

    def connected(self) -> Phone:
        expect(self.page.locator(".net[data-state=up]")).to_be_visible()
        return self

    def reload(self) -> Phone:
        self.page.reload()
        self.page.wait_for_selector("vigia-phone[data-ready]")
        return self

    def act(self, name: str) -> Any:
        return self.page.locator(f"[data-act={name}]")

    def press(self, name: str) -> None:
        self.act(name).click()

    def tab(self, name: str) -> Phone:
        self.page.locator(f"[data-tab={name}]").click()
        return self


@pytest.fixture
def phone(chromium: Any, bench: Bench) -> Iterator[Phone]:
    one = Phone(chromium, bench)
    yield one
    one.context.close()
    assert one.errors == []


def compass(phone: Phone, *, alpha: float, beta: float, gamma: float) -> None:
    """Feeds the absolute orientation sensor; the page must be loaded again to read it."""
    cdp = phone.context.new_cdp_session(phone.page)
    enable = {"enabled": True, "type": "absolute-orientation", "metadata": {"available": True}}
    cdp.send("Emulation.setSensorOverrideEnabled", enable)
    phone.reload()
    reading = {"quaternion": quaternion(alpha, beta, gamma)}
    for _ in range(4):
        cdp.send(
            "Emulation.setSensorOverrideReadings",
            {"type": "absolute-orientation", "reading": reading},
        )
        phone.page.wait_for_timeout(60)


def quaternion(alpha: float, beta: float, gamma: float) -> dict[str, float]:
    """Intrinsic Z X' Y'' in degrees -> unit quaternion."""
    from math import cos, radians, sin

    z, x, y = (radians(a) / 2 for a in (alpha, beta, gamma))
    cx, sx, cy, sy, cz, sz = cos(x), sin(x), cos(y), sin(y), cos(z), sin(z)
    return {
        "x": sx * cy * cz - cx * sy * sz,
        "y": cx * sy * cz + sx * cy * sz,
        "z": cx * cy * sz + sx * sy * cz,
        "w": cx * cy * cz - sx * sy * sz,
    }


# ---- reports -----------------------------------------------------------------------------------


def test_a_press_is_received_with_position_and_turns_green_only_then(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    pressed_ms = now_ms()
    phone.press("seen")
    expect(phone.page.locator(".outcome[data-look=ok]")).to_contain_text("Sighting sent")
    (report,) = bench.reports()[:1]
    assert report["sense"] == "seen"
    assert abs(report["t_ms"] - pressed_ms) < 1500
    assert report["position"]["lat_deg"] == pytest.approx(31.79)
    assert report["refines"] is None


def test_a_press_is_on_disk_within_50_ms(phone: Phone, bench: Bench) -> None:
    """A hundred presses on the button, each from the press to the end of the disk's transaction.
    p99 is printed and stands in docs/phone.md; on a busy machine only the middle one is judged."""
    phone.log_in().connected()
    took = phone.page.evaluate(
        """async () => {
            const page = document.querySelector('vigia-phone');
            const {model} = page;
            const add = model.outbox.add.bind(model.outbox);
            let kept;
            model.outbox.add = (...args) => (kept = add(...args));
            const times = [];
            for (let i = 0; i < 100; i++) {
                model.go('home');
                await page.updateComplete;
                const button = document.querySelector('[data-act=seen]');
                const from = performance.now();
                button.click();
                const entry = await kept;
                times.push(performance.now() - from);
                if (!entry.saved) throw new Error('not saved');
                // nobody presses while the last answer is still being written down
                while (entry.state !== 'received') await new Promise((ok) => setTimeout(ok, 5));
                await new Promise((ok) => setTimeout(ok, 20));
            }
            return times;
        }"""
    )
    ranked = sorted(took)
    p50, p99 = ranked[50], ranked[98]
    print(f"press to disk: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {ranked[-1]:.1f} ms, of 100")
    assert p50 < 50, took


def test_one_touch_sends_a_report_within_five_seconds(phone: Phone, bench: Bench) -> None:
    """From the home screen, with everything the phone knows; three touches is the most allowed."""
    phone.log_in().connected()
    begun = time.monotonic()
    phone.press("seen")
    expect(phone.page.locator(".outcome[data-look=ok]")).to_be_visible(timeout=5_000)
    took_s = time.monotonic() - begun
    print(f"press to sent: 1 touch, {took_s:.2f} s; with a direction told by hand 2 touches")
    phone.page.locator(".picker .p-sw").click()
    told = bench.wait_for(lambda: [r for r in bench.reports() if r.get("refines")])[0]
    assert told["bearing"]["azimuth_deg_true"] == 225
    assert told["t_ms"] == bench.reports()[0]["t_ms"], "seen then, not when it was told"


def test_a_report_pressed_offline_survives_a_reload_and_arrives_once_with_its_true_time(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    phone.page.evaluate(SHELL_KEPT)
    phone.context.set_offline(True)
    bench.network(up=False)
    pressed_ms = now_ms()
    phone.press("seen")
    expect(phone.page.locator(".outcome[data-look=queued]")).to_contain_text("not yet sent")
    phone.reload()
    expect(phone.page.locator(".status")).to_contain_text("1 waiting")
    assert bench.reports() == []
    phone.page.wait_for_timeout(1500)
    bench.network(up=True)
    phone.context.set_offline(False)
    (report,) = bench.wait_for(bench.reports)
    assert abs(report["t_ms"] - pressed_ms) < 1000
    phone.connected()
    expect(phone.page.locator(".status")).not_to_contain_text("waiting")
    phone.reload().connected()
    phone.page.wait_for_timeout(500)
    assert len({r["report_id"] for r in bench.reports()}) == 1
    assert len(bench.reports()) == 1


def test_a_hanging_journal_is_amber_and_the_same_report_is_sent_again(
    phone: Phone, bench: Bench
) -> None:
    bench.journal_hangs(True)
    phone.log_in().connected()
    phone.press("seen")
    banner = phone.page.locator(".outcome")
    expect(banner).to_have_attribute("data-look", "queued", timeout=5000)
    bench.wait_for(
        lambda: phone.page.locator(".outcome").inner_text().startswith("Watch floor was")
    )
    bench.journal_hangs(False)
    phone.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(banner).to_have_attribute("data-look", "ok", timeout=5000)
    assert len({r["report_id"] for r in bench.reports()}) == 1


def test_the_camera_axis_of_the_compass_is_what_is_sent(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    compass(phone, alpha=129, beta=110, gamma=0)
    phone.connected().press("seen")
    expect(phone.page.locator(".outcome[data-look=ok]")).to_be_visible()
    bearing = bench.reports()[0]["bearing"]
    assert bearing["azimuth_deg_magnetic"] == pytest.approx(231, abs=1)
    assert bearing["elevation_deg"] == pytest.approx(20, abs=1)
    assert 5 <= bearing["sigma_deg"] <= 20
    expect(phone.page.locator(".dial.caught")).to_contain_text("231°")


def test_without_a_compass_one_tap_tells_the_direction(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected().press("heard")
    phone.page.get_by_role("button", name="south-west").click()
    expect(phone.page.locator(".dial.caught")).to_contain_text("225°")
    first, told = bench.wait_for(lambda: len(bench.reports()) == 2 and bench.reports())
    assert first["sense"] == "heard"
    assert first["bearing"] is None
    assert told["refines"] == first["report_id"]
    assert told["bearing"]["azimuth_deg_true"] == 225


def test_each_tap_is_sent_at_once_and_undo_withdraws(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected().press("seen")
    expect(phone.page.locator(".outcome[data-look=ok]")).to_be_visible()
    phone.page.locator("[data-chip=towards_me]").click()
    phone.page.locator("[data-chip=load]").click()
    phone.page.locator("[data-chip=hovering]").click()
    sent = bench.wait_for(lambda: len(bench.reports()) == 4 and bench.reports())
    root = sent[0]["report_id"]
    assert [r["refines"] for r in sent] == [None, root, root, root]
    assert (sent[2]["motion"], sent[2]["load"]) == ("towards_me", True)
    assert (sent[3]["motion"], sent[3]["load"]) == ("hovering", True)
    assert sent[3]["t_ms"] == sent[0]["t_ms"]
    phone.press("undo")
    last = bench.wait_for(lambda: len(bench.reports()) == 5 and bench.reports())[-1]
    assert (last["withdrawn"], last["refines"]) == (True, root)
    expect(phone.page.locator(".outcome")).to_contain_text("withdrawn")


def test_attack_here_is_sent_when_it_was_held_for_a_second_and_can_be_undone(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    box = phone.act("attack").bounding_box()
    assert box is not None
    mouse = phone.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 20)
    mouse.down()
    phone.page.wait_for_timeout(400)
    mouse.up()
    phone.page.wait_for_timeout(900)
    assert bench.reports() == []  # let go too early: nothing was meant
    mouse.down()
    expect(phone.page.locator(".outcome[data-look=ok]")).to_be_visible()
    mouse.up()
    (report,) = bench.reports()
    assert report["attack"] is True
    assert report["position"]["lat_deg"] == pytest.approx(31.79)
    expect(phone.page.locator(".caught-area")).to_contain_text("Everybody within 500 m")
    phone.press("undo")
    undo = bench.wait_for(lambda: bench.reports()[1:])[0]
    assert (undo["attack"], undo["withdrawn"], undo["refines"]) == (
        True, True, report["report_id"],
    )  # fmt: skip


def test_a_place_without_a_working_sensor_is_watch_lost_and_calm_says_what_is_watched(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    rid = {"drones": "broadcasting", "watched": "watched", "kinds": ["remote_id"],
           "points": ["n", "ne", "e", "se", "s", "sw", "w", "nw"]}  # fmt: skip
    cover = {"t": "cover", "target_id": "post/12", "since_ms": now_ms() - 90_000}
    bench.tell({**cover, "watched": "watched", "classes": [rid]})
    truth = phone.page.locator(".truth")
    expect(truth).to_contain_text("No drone warning here")
    expect(truth).to_contain_text("Watched here: broadcasting drones only. No radar here.")
    bench.tell({**cover, "watched": "lost", "classes": []})
    expect(truth).to_contain_text("WATCH LOST")
    expect(truth).to_contain_text("No sensor works where you are")
    expect(truth).to_contain_text("for 1 min")


def test_the_reporter_sees_what_became_of_it(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected().press("seen")
    expect(phone.page.locator(".facts")).to_contain_text("T-041")
    (report,) = bench.reports()
    placed = {"t": "placed", "report_id": report["report_id"], "track_id": "t1", "track_number": 41}
    bench.tell(placed | {"confirmed": True, "warned": 3})
    expect(phone.page.locator(".facts")).to_contain_text("T-041 is confirmed")
    expect(phone.page.locator(".facts")).to_contain_text("3 people were warned")
    bench.tell(placed | {"verdict": "not_a_drone"})
    phone.press("done")
    phone.tab("more").press("mine")
    expect(phone.page.locator(".row")).to_contain_text("was not a drone")


def test_a_report_survives_the_death_of_the_browser(
    player: Any, tmp_path: Path, bench: Bench
) -> None:
    """A report and a call for help without a network, SIGKILL, opened again: once, true time."""
    options = {
        "executable_path": str(CHROMIUM),
        "args": CHROMIUM_ARGS,
        "viewport": PHONE,
        "locale": "en-US",
    }
    context = player.chromium.launch_persistent_context(str(tmp_path / "profile"), **options)
    page = context.new_page()
    page.goto(f"{bench.base}/enrol#agent-token-1")
    page.locator("[data-act=enrol]").click()
    page.locator("[data-act=open]").click()
    expect(page.locator(".net[data-state=up]")).to_be_visible()
    bench.network(up=False)
    pressed_ms = now_ms()
    page.locator("[data-act=seen]").click()
    expect(page.locator(".outcome[data-look=queued]")).to_contain_text("Saved, not yet sent")
    page.locator("[data-act=done]").click()
    page.locator("[data-act=hit]").dispatch_event("pointerdown")
    expect(page.locator(".outcome[data-look=queued]")).to_contain_text("Help not called yet")
    kill_browser(str(tmp_path / "profile"))
    with contextlib.suppress(playwright.Error):
        context.close()
    assert bench.reports() == []
    bench.network(up=True)
    context = player.chromium.launch_persistent_context(str(tmp_path / "profile"), **options)
    context.new_page().goto(f"{bench.base}/")
    (report,) = bench.wait_for(bench.reports, 15)
    (call,) = bench.wait_for(bench.calls_for_help)
    assert abs(call["t_ms"] - pressed_ms) < 6000
    assert abs(report["t_ms"] - pressed_ms) < 1500
    context.close()


def kill_browser(profile: str) -> None:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if profile.encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


# ---- alerts ------------------------------------------------------------------------------------


def test_an_alert_is_shown_delivered_and_answered(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    said_ms = now_ms()
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    delivered = bench.wait_for(lambda: bench.acks("delivered"))[0]
    assert delivered["alert_id"] == "al-1"
    assert 0 <= delivered["t_ms"] - said_ms < 3000
    expect(phone.page.locator(".alert")).to_contain_text("From the south-west")
    expect(phone.page.locator(".alert")).to_contain_text("1.2")
    expect(phone.page.locator(".alert")).to_contain_text("Confirmed drone")
    expect(phone.page.locator(".alert")).to_contain_text("radar, Remote ID and people")
    phone.page.wait_for_timeout(700)  # the guard against a thumb already on its way
    expect(phone.act("seen")).to_have_count(0)  # nobody looks out before he is in cover
    phone.press("safe")
    safe = bench.wait_for(lambda: bench.acks("safe"))[0]
    assert (safe["alert_id"], safe["revision"]) == ("al-1", 1)
    expect(phone.page.locator(".answer.done[data-told=true]")).to_contain_text("In cover since")
    expect(phone.page.locator(".action")).to_have_text("STAY IN COVER")
    phone.press("seen")
    seen = bench.wait_for(lambda: bench.acks("seen"))[0]
    assert seen["alert_id"] == "al-1"
    expect(phone.act("seen")).to_have_count(0)


def test_the_lowest_tier_leaves_who_is_reporting_at_his_report(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected().press("seen")
    expect(phone.page.locator(".outcome")).to_be_visible()
    bench.say(an_alert(tier=1, action="be_aware"))
    card = phone.page.locator(".sent .alert-card")
    expect(card).to_contain_text("WATCH THE SKY")
    bench.wait_for(lambda: bench.acks("delivered"))
    expect(phone.page.locator(".chip").first).to_be_visible()
    bench.say(an_alert(revision=2, tier=3))
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")


def test_a_press_in_the_first_moment_answers_nothing(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    phone.page.locator("[data-act=safe]").dispatch_event("click")
    phone.page.wait_for_timeout(300)
    assert bench.acks("safe") == []


def test_a_hidden_page_does_not_say_delivered(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    phone.page.evaluate(hide % "true")
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_attached()
    phone.page.wait_for_timeout(600)
    assert bench.acks("delivered") == []
    phone.page.evaluate((hide % "false") + "document.dispatchEvent(new Event('visibilitychange'))")
    bench.wait_for(lambda: bench.acks("delivered"))


def test_the_countdown_runs_on_the_servers_time_and_says_here_now_at_zero(
    phone: Phone, bench: Bench
) -> None:
    phone.page.add_init_script("const d = Date.now; Date.now = () => d() + 7_200_000;")
    phone.log_in().connected()
    bench.say(an_alert(earliest_ms=now_ms() + 4000))
    eta = phone.page.locator("[data-eta]")
    expect(eta).to_have_text(re.compile(r"^0:0[1-4]$"))
    seen: set[str] = set()
    here = phone.page.locator(".eta.here")
    end = time.monotonic() + 8
    while time.monotonic() < end and not here.is_visible():
        seen |= set(eta.all_inner_texts())
        phone.page.wait_for_timeout(100)
    expect(here).to_have_text("may be here now")
    assert seen <= {"0:04", "0:03", "0:02", "0:01"}
    assert len(seen) >= 3
    phone.page.wait_for_timeout(2500)
    expect(here).to_have_text("may be here now")


def test_it_rings_again_only_when_a_new_revision_says_so(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    ringing = "() => Boolean(document.querySelector('vigia-phone').model.siren.ringing)"
    bench.say(an_alert(tier=2, action="get_ready"))
    expect(phone.page.locator(".action")).to_have_text("GET READY")
    assert phone.page.evaluate(ringing)
    phone.page.wait_for_timeout(700)
    phone.page.locator(".action").click()  # any press
    assert not phone.page.evaluate(ringing)
    bench.say(an_alert(tier=2, action="get_ready", revision=2, msg_type="update", sound=False))
    phone.page.wait_for_timeout(400)
    assert not phone.page.evaluate(ringing)
    bench.say(an_alert(tier=3, revision=3, msg_type="update", sound=True))
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    assert phone.page.evaluate(ringing)


def test_a_drill_does_not_drown_a_real_danger(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    bench.say(an_alert(alert_id="drill", tier=2, action="get_ready", mark="exercise"))
    expect(phone.page.locator(".other")).to_contain_text("EXERCISE")
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    ringing = phone.page.evaluate("document.querySelector('vigia-phone').model.siren.ringing")
    assert ringing == {"tier": 3, "mark": "actual"}
    bench.wait_for(lambda: {a["alert_id"] for a in bench.acks("delivered")} == {"al-1", "drill"})


def test_the_all_clear_names_its_author_and_loss_is_no_all_clear(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    first = bench.say(an_alert())
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    end = {"revision": 2, "msg_type": "cancel", "sound": False}
    bench.say(
        first | end | {"action": "all_clear", "end_reason": "all_clear", "by_name": "M. Ortega"}
    )
    expect(phone.page.locator(".action")).to_have_text("ALL CLEAR")
    expect(phone.page.locator(".by")).to_contain_text("M. Ortega")
    phone.press("close")
    expect(phone.page.locator(".truth")).to_contain_text("No drone warning here")
    second = bench.say(an_alert(alert_id="al-2"))
    bench.say(second | end | {"action": "not_confirmed_gone", "end_reason": "expired"})
    expect(phone.page.locator(".action")).to_have_text("DRONE LOST")
    expect(phone.page.locator(".alert")).to_contain_text(
        "Drone lost, not confirmed gone. Stay in cover."
    )


def test_a_lost_drone_is_not_a_gone_one(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    first = bench.say(an_alert())
    update = {"revision": 2, "msg_type": "update", "sound": False, "action": "stay_in_cover"}
    bench.say(first | update | {"earliest_ms": None})
    expect(phone.page.locator(".action")).to_have_text("STAY IN COVER")
    expect(phone.page.locator(".direction")).to_have_text(
        "Drone lost, not confirmed gone. Stay in cover."
    )


def test_an_alert_outlives_link_and_reload_and_shows_its_age(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    phone.page.evaluate(SHELL_KEPT)
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    bench.network(up=False)
    phone.context.set_offline(True)
    expect(phone.page.locator(".old")).to_contain_text("No link for", timeout=8000)
    phone.reload()
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    phone.page.wait_for_timeout(700)
    phone.press("safe")
    expect(phone.page.locator(".answer.done[data-told=false]")).to_be_visible()
    phone.reload()
    bench.network(up=True)
    phone.context.set_offline(False)
    bench.wait_for(lambda: bench.acks("safe"))


def test_an_alert_the_watch_no_longer_knows_is_ended_and_not_called_safe(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    bench.forget("al-1")
    phone.reload()
    expect(phone.page.locator(".alert[data-phase=ended]")).to_contain_text("restarted")


def test_the_watch_is_lost_within_five_seconds_of_silence(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    expect(phone.page.locator(".truth")).to_contain_text("No drone warning here")
    bench.beats(False)
    began = time.monotonic()
    expect(phone.page.locator(".truth.lost")).to_contain_text("WATCH LOST", timeout=8000)
    assert time.monotonic() - began < 6.5  # the last beat, five seconds, a slow machine


def test_an_all_clear_does_not_hide_that_the_watch_is_lost(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    ends = {"msg_type": "cancel", "action": "all_clear", "end_reason": "all_clear"}
    bench.say(an_alert(revision=2, by_name="Lt. Ortega", **ends))
    expect(phone.page.locator(".action")).to_have_text("ALL CLEAR")
    phone.page.evaluate("document.querySelector('vigia-phone').model.go('home')")
    expect(phone.page.locator(".alert-card")).to_contain_text("ALL CLEAR")
    bench.network(False)
    expect(phone.page.locator(".truth.lost")).to_contain_text("WATCH LOST", timeout=15_000)


def test_a_warning_of_a_lost_watch_says_that_it_may_be_old(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    bench.beats(False)
    expect(phone.page.locator(".old")).to_contain_text("may be old", timeout=9000)


def test_a_dead_server_is_found_again_by_itself(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.network(up=False)
    expect(phone.page.locator(".net[data-state=down]")).to_be_visible()
    bench.network(up=True)
    expect(phone.page.locator(".net[data-state=up]")).to_be_visible(timeout=6000)


# ---- truth, language, marks --------------------------------------------------------------------


def test_the_siren_truth_follows_what_is_really_unlocked(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    line = phone.page.locator(".siren-line")
    expect(line).to_have_text("Siren off")
    phone.page.locator(".truth").click()
    expect(line).to_have_text("Siren only while this screen is open")
    phone.context.grant_permissions(["screen-wake-lock"])
    phone.press("watch")
    expect(line).to_have_text("Siren is on")
    told = bench.wait_for(lambda: bench.heard("on_watch"))[-1]
    assert told == {"t": "on_watch", "on": True, "siren": True, "quiet": False}


NO_SOUND = """
window.heard = {tones: 0, shakes: []};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...args) {
  window.heard.tones++; return start.apply(this, args); };
navigator.vibrate = (pattern) => { window.heard.shakes.push(pattern); return true; };
"""


def test_a_quiet_shift_shakes_and_stays_dark_and_makes_no_sound(phone: Phone, bench: Bench) -> None:
    phone.context.add_init_script(NO_SOUND)
    phone.context.grant_permissions(["screen-wake-lock", "geolocation"])
    phone.log_in().connected().tab("more")
    phone.press("quiet")
    told = bench.wait_for(lambda: [m for m in bench.heard("on_watch") if m["on"]])[-1]
    assert (told["siren"], told["quiet"]) == (False, True), "the desk knows that nothing rings"
    phone.tab("home")
    expect(phone.page.locator(".siren-line")).to_contain_text("shakes, no siren")
    assert phone.page.evaluate("document.documentElement.dataset.theme") == "night-red"
    phone.reload().connected()
    expect(phone.page.locator(".siren-line")).to_contain_text("shakes, no siren")
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    heard = phone.page.evaluate("window.heard")
    assert heard["tones"] == 0
    assert [700, 200, 700, 200, 700, 200, 700] in heard["shakes"]
    phone.page.wait_for_timeout(700)
    phone.press("safe")
    bench.wait_for(lambda: bench.acks("safe"))
    phone.press("report")
    phone.press("watch")  # the shift is over: loud again
    assert phone.page.evaluate("document.documentElement.dataset.theme") == "dark"
    bench.say(an_alert(alert_id="al-2"))
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    bench.wait_for(lambda: phone.page.evaluate("window.heard.tones") > 0)


def test_an_earphone_that_is_unplugged_silences_at_once(phone: Phone, bench: Bench) -> None:
    phone.context.add_init_script(NO_SOUND)
    phone.log_in().connected().tab("more")
    phone.press("quiet")
    phone.press("earphone")
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    bench.wait_for(lambda: phone.page.evaluate("window.heard.tones") > 0)
    sounds = "document.querySelector('vigia-phone').model.siren.gain !== null"
    assert phone.page.evaluate(sounds)
    phone.page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    assert not phone.page.evaluate(sounds)
    phone.page.wait_for_timeout(700)
    phone.press("safe")
    phone.press("report")
    phone.tab("more")
    expect(phone.act("earphone")).to_have_attribute("aria-checked", "false")


def test_what_is_near_is_drawn_and_listed_also_without_a_network(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected().press("seen")
    phone.page.locator(".picker .p-n").click()
    bench.say(an_alert(tier=2, action="get_ready"))
    expect(phone.page.locator(".action")).to_be_visible()
    phone.page.wait_for_timeout(700)
    phone.press("safe")
    phone.press("report")
    bench.network(False)
    phone.tab("more")
    phone.press("map")
    rows = phone.page.locator(".near-list li")
    expect(rows.first).to_contain_text("Drone T-041")
    expect(rows.first).to_contain_text("1.2 km · south-west")
    expect(phone.page.locator("[data-near=sighting]")).to_have_count(1)
    assert phone.page.locator("[data-near=post]").count() >= 1
    expect(phone.page.locator(".near-map .mark-drone")).to_have_count(1)
    expect(phone.page.locator(".near-map .seen-way")).to_have_count(1)
    label = phone.page.locator(".near-map").get_attribute("aria-label")
    phone.press("nearer")
    expect(phone.page.locator(".near-map")).not_to_have_attribute("aria-label", label or "")
    expect(phone.page.locator(".page .note").first).to_contain_text("You are in the middle")


def test_a_drone_on_the_ground_says_keep_away_and_whom_to_call(phone: Phone, bench: Bench) -> None:
    bench.gateway.ground_call = "Bomb disposal desk, +1 915 555 0100"
    phone.log_in().connected()
    phone.tab("more").press("ground")
    page = phone.page.locator(".ground")
    for words in ("Keep away", "Do not touch it", "Bomb disposal desk, +1 915 555 0100"):
        expect(page).to_contain_text(words)
    assert phone.page.locator("a.call").get_attribute("href") == "tel:+19155550100"
    expect(page).to_contain_text("Agent 4471. Drone on the ground near my position 31.79000")
    bench.network(False)
    phone.reload()
    phone.tab("more").press("ground")
    expect(page).to_contain_text("+1 915 555 0100")  # kept for the day without a network


def test_a_position_is_shared_only_on_watch_and_only_when_wanted(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    phone.press("watch")
    phone.page.wait_for_timeout(500)
    assert bench.heard("position") == []
    phone.tab("more").press("settings")
    phone.press("share")
    shared = bench.wait_for(lambda: bench.heard("position"))[0]
    assert shared["lat_deg"] == pytest.approx(31.79)
    assert abs(shared["t_ms"] - now_ms()) < 20_000


def test_spanish_from_the_first_screen_to_the_answer(chromium: Any, bench: Bench) -> None:
    phone = Phone(chromium, bench, locale="es-MX").log_in().connected()
    expect(phone.act("seen")).to_contain_text("VEO UN DRON")
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_have_text("CÚBRASE")
    expect(phone.page.locator(".alert")).to_contain_text("Viene del suroeste")
    expect(phone.act("safe")).to_have_text("ESTOY A CUBIERTO")
    assert phone.errors == []
    phone.context.close()


@pytest.mark.parametrize(("mark", "word"), [("demo", "DEMO"), ("exercise", "EXERCISE")])
def test_demo_and_exercise_look_different_everywhere(chromium: Any, mark: str, word: str) -> None:
    bench = Bench(mode=mark)
    phone = Phone(chromium, bench).log_in().connected()
    expect(phone.page.locator(".mark-bar")).to_contain_text(word)
    bench.say(an_alert(mark=mark))
    expect(phone.page.locator(".alert .mark-bar")).to_contain_text(word)
    frame = "getComputedStyle(document.body, '::after').borderImageSource"
    assert "gradient" in phone.page.evaluate(frame)
    phone.context.close()
    bench.stop()


# ---- enrolment ---------------------------------------------------------------------------------


def test_a_link_enrols_the_phone_which_then_opens_its_own_sessions(
    phone: Phone, bench: Bench
) -> None:
    phone.page.goto(f"{bench.base}/enrol#agent-token-1")
    phone.press("enrol")
    expect(phone.page.locator("[role=status]")).to_contain_text("Agent 4471")
    assert "#" not in phone.page.url
    phone.press("open")
    phone.page.wait_for_selector("vigia-phone[data-ready]")
    phone.connected()
    phone.context.clear_cookies()  # an expired session
    phone.reload().connected()
    exported = phone.page.evaluate(
        """async () => {
            const { session } = await import('/static/core/session.mjs');
            const { keys } = await session.device();
            return crypto.subtle.exportKey('pkcs8', keys.privateKey)
                .then(() => 'leaked', (e) => e.name);
        }"""
    )
    assert exported == "InvalidAccessError"


def test_a_stranger_is_told_what_to_do(phone: Phone) -> None:
    phone.open("/")
    expect(phone.page.locator(".stranger")).to_contain_text("not enrolled")


@pytest.mark.parametrize("size", [(390, 844), (360, 640)])
def test_every_target_is_big_enough_for_a_glove(
    phone: Phone, bench: Bench, size: tuple[int, int]
) -> None:
    """Each button and link of each screen, and what a screen reader says of it."""
    phone.page.set_viewport_size({"width": size[0], "height": size[1]})
    phone.log_in().connected()
    measure = """() => [...document.querySelectorAll('button, a[href]')]
        .filter((b) => b.checkVisibility()).map((b) => {
        const r = b.getBoundingClientRect();
        const name = (b.getAttribute('aria-label') ?? b.innerText).trim();
        return [name, r.width, r.height, b.dataset.act ?? '', r.left, r.right]; })"""
    confirms = {"safe", "close", "report-seen"}

    def check(where: str) -> None:
        found = phone.page.evaluate(measure)
        assert found, where
        for name, width, height, act, left, right in found:
            assert min(width, height) >= 58, (where, name, width, height)
            assert name, (where, act, "says nothing to a screen reader")
            assert left >= 0, (where, name)
            assert right <= size[0], (where, name)
            if act in confirms:
                assert height >= 92, (where, name, height)

    check("home")
    for tab in ("alerts", "bulletins", "aid", "more"):
        phone.tab(tab)
        check(tab)
    for page in ("mine", "settings", "map", "ground"):
        phone.tab("more").press(page)
        check(page)
    phone.tab("more").press("quiet")
    check("quiet")
    phone.press("quiet")
    phone.tab("home")
    phone.press("seen")
    check("sent")
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_be_visible()
    check("alert")
    assert phone.act("safe").bounding_box()["height"] >= 92
    phone.page.wait_for_timeout(700)
    phone.press("safe")
    check("in cover")
    ends = {"msg_type": "cancel", "action": "all_clear", "end_reason": "all_clear"}
    bench.say(an_alert(revision=2, by_name="Lt. Ortega", **ends))
    expect(phone.act("close")).to_be_visible()
    check("ended")
