"""HIT, the first-aid card, tourniquets, my kit and bulletins on the phone, mostly offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from phone_bench import CHROMIUM, CHROMIUM_ARGS, Bench, an_alert, now_ms
from test_phone_browser import SHELL_KEPT, Phone
from vigia.records.bulletin import Both, Bulletin, BulletinStatus
from vigia.records.card import card_sha256
from vigia.records.casualty import Limb, Step, Urgency, Word, Wound, fold
from vigia.records.memo import memo
from vigia.records.readiness import Check
from vigia.records.release import released_as
from vigia.run.catalogue import words_of
from vigia.run.records.bulletins import ReadIn, page_of
from vigia.terms import Lang

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    made.gateway.bulletins = [bulletin()]
    made.gateway.first_aid = {
        "kits": [kit("k1", "Post 12", 31.80, True), kit("k2", "Bridge", 31.791, False)],
        "medics": [{"name": "Agent 7", "post": "Post 12", "lat_deg": 31.8, "lon_deg": -106.74}],
        "all_kits": [{"kit_id": "k1", "name": "Kit 1"}],
        "approved": [],
    }
    yield made
    made.stop()


@pytest.fixture
def phone(chromium: Any, bench: Bench) -> Iterator[Phone]:
    one = Phone(chromium, bench)
    yield one
    one.context.close()
    assert one.errors == []


def kit(kit_id: str, post: str, lat_deg: float, complete: bool) -> Json:
    where = {"post": post, "place": "", "lat_deg": lat_deg, "lon_deg": -106.74}
    return {"kit_id": kit_id, "name": kit_id, "complete": complete} | where


def bulletin(status: BulletinStatus = BulletinStatus.RELEASED) -> Json:
    draft = memo(issuer="Sector", effective="2026-01-01T06:00:00Z", expires="2099-01-01T06:00:00Z")
    review = msgspec.structs.replace(draft, status=BulletinStatus.REVIEW)
    made: Bulletin = released_as(
        [("ana", review)], number="OSA-2026-001", issued="2026-01-01T05:00:00Z", name="Bo Lind"
    )
    if status is BulletinStatus.RECALLED:
        reason = Both("The source was wrong.", "La fuente era errónea.")
        made = msgspec.structs.replace(made, status=status, reason=reason)
    return {"id": "b1", "read_ms": None} | page_of(made)


def hold(phone: Phone, name: str = "hit") -> None:
    phone.act(name).dispatch_event("pointerdown")
    phone.page.wait_for_timeout(1100)


def offline(phone: Phone, bench: Bench) -> None:
    phone.page.evaluate(SHELL_KEPT)
    phone.context.set_offline(True)
    bench.network(up=False)


def online(phone: Phone, bench: Bench) -> None:
    bench.network(up=True)
    phone.context.set_offline(False)


def on_disk(phone: Phone) -> None:
    """It takes some milliseconds; a robot's finger is faster than any person's."""
    saved = "() => document.querySelector('vigia-phone').model.outbox.list().every((e) => e.saved)"
    phone.page.wait_for_function(saved)


def posted(bench: Bench, call: str, kind: type[Any]) -> list[Any]:
    """What went through one door, read as the real server reads it."""
    found = [m for m in list(bench.gateway.log) if str(m.get("t", "")).startswith(f"POST {call}")]
    bodies = [{k: v for k, v in m.items() if k != "t"} for m in found]
    return [msgspec.json.decode(msgspec.json.encode(b), type=kind) for b in bodies]


def words(bench: Bench) -> list[Word]:
    return posted(bench, "casualties/", Word)


# ---- somebody is hurt --------------------------------------------------------------------------


def test_a_hit_held_offline_survives_a_reload_and_arrives_once_with_its_true_time(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    offline(phone, bench)
    began_ms = now_ms()
    hold(phone)
    expect(phone.page.locator(".outcome[data-look=queued]")).to_contain_text("Help not called yet")
    phone.page.locator("[data-say=n-2]").click()
    phone.page.locator("[data-say=u-urgent]").click()
    phone.page.locator(".chip[data-part=left_leg]").click()
    phone.page.locator("[data-say=w-fragments]").click()
    phone.page.locator("[data-step=massive_bleeding]").click()
    on_disk(phone)
    phone.reload()
    expect(phone.page.locator(".status")).to_contain_text("5 waiting")
    assert words(bench) == []
    phone.page.wait_for_timeout(600)
    online(phone, bench)
    told = bench.wait_for(lambda: len(words(bench)) >= 5 and words(bench))
    phone.act("hit").click()  # a tap opens the report that is open
    expect(phone.page.locator(".outcome[data-look=ok]")).to_contain_text("Help is called")
    phone.reload().connected()
    phone.page.wait_for_timeout(400)
    assert len(words(bench)) == len({w.word_id for w in told}) == 5
    found = fold(told)
    assert 900 < found.t_hit_ms - began_ms < 2500  # held for a second, sent much later
    assert (found.patients, found.urgency) == (2, Urgency.URGENT)
    assert found.position is not None
    assert found.position.lat_deg == pytest.approx(31.79)
    assert [i.wound for i in found.injuries] == [Wound.FRAGMENTS]
    assert [d.step for d in found.done] == [Step.MASSIVE_BLEEDING]
    paths = {m["t"] for m in bench.gateway.log if "casualties" in str(m.get("t"))}
    assert len(paths) == 1
    phone.act("hit").click()
    for tap in ("[data-act=back-wound]", "[data-step=massive_bleeding]"):  # both by mistake
        phone.page.locator(tap).click()
        phone.page.locator(tap).click()  # asked once more
    told = bench.wait_for(lambda: len(words(bench)) >= 7 and words(bench))
    expect(phone.page.locator("[data-act=back-wound]")).to_have_count(0)
    expect(phone.page.locator("[data-step=massive_bleeding]")).to_have_attribute(
        "aria-pressed", "false"
    )
    found = fold(told)
    assert (found.injuries, found.done, found.patients) == ((), (), 2)


def test_a_hit_is_on_disk_within_50_ms(phone: Phone) -> None:
    phone.log_in().connected()
    took = phone.page.evaluate(
        """async () => {
            const model = document.querySelector('vigia-phone').model;
            const times = [];
            for (let i = 0; i < 5; i++) {
                const from = performance.now();
                const entry = await model.aid.hit();
                times.push(performance.now() - from);
                if (!entry.saved) throw new Error('not saved');
            }
            return times;
        }"""
    )
    assert min(took) < 50, took


def test_let_go_early_means_nothing_and_a_mistake_is_taken_back(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    phone.act("hit").dispatch_event("pointerdown")
    phone.page.wait_for_timeout(300)
    phone.act("hit").dispatch_event("pointerup")
    phone.act("hit").dispatch_event("click")  # a screen reader's press: it asks for a second one
    expect(phone.act("hit")).to_contain_text("Press again")
    phone.page.wait_for_timeout(800)
    assert words(bench) == []
    phone.act("hit").dispatch_event("click")
    bench.wait_for(lambda: words(bench))
    phone.press("withdraw")
    assert [w.withdrawn for w in words(bench)] == [None]  # asked once more
    phone.press("withdraw")
    last = bench.wait_for(lambda: len(words(bench)) == 2 and words(bench))[-1]
    assert last.withdrawn is True
    expect(phone.act("hit")).to_contain_text("Hold one second")


def test_help_is_called_from_the_warning_itself(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    bench.say(an_alert())
    expect(phone.page.locator(".action")).to_have_text("TAKE COVER")
    assert phone.act("hit").bounding_box()["height"] >= 92
    hold(phone)
    expect(phone.page.locator(".hurt")).to_be_visible()
    assert bench.wait_for(lambda: words(bench))[0].position is not None


# ---- the card and the clock --------------------------------------------------------------------


def test_the_card_opens_offline_within_a_second_and_one_tap_starts_a_clock_that_stays(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    offline(phone, bench)
    phone.reload()
    took_ms = phone.page.evaluate(
        """async () => {
            const from = performance.now();
            document.querySelector('[data-tab=aid]').click();
            while (document.querySelectorAll('.card [data-step] svg').length < 4)
                await new Promise(requestAnimationFrame);
            return performance.now() - from;
        }"""
    )
    assert took_ms < 1000
    card = phone.page.locator(".aid")
    expect(card).to_contain_text("To be approved by your medical officer")
    expect(card.locator("[data-near=kit]").first).to_contain_text("Bridge")
    expect(card.locator("[data-near=kit]").first).to_contain_text("to the north")
    pressed_ms = now_ms()
    limb = phone.page.locator("[data-limb=left_leg]")
    limb.dblclick()  # a glove that bounces is one tourniquet
    expect(phone.page.locator(".tq")).to_have_count(1)
    on_disk(phone)
    phone.reload()
    expect(phone.act("hit")).to_contain_text("Tourniquet: 0 min")
    phone.page.evaluate("const n = Date.now; Date.now = () => n() + 2 * 3600e3")
    phone.tab("aid")
    expect(phone.page.locator(".tq[data-long=true]")).to_contain_text("120 min")
    expect(phone.page.locator(".tq")).to_contain_text("Two hours or more")
    phone.page.evaluate("Date.now = performance.timeOrigin ? () => performance.timeOrigin + "
                        "performance.now() : Date.now")  # fmt: skip
    online(phone, bench)
    told = bench.wait_for(lambda: len(words(bench)) >= 2 and words(bench))
    (tied,) = fold(told).tourniquets
    assert tied.limb is Limb.LEFT_LEG
    assert abs(tied.t_on_ms - pressed_ms) < 2000


def test_the_phone_and_the_server_reckon_the_same_text_and_an_approval_shows(
    phone: Phone, bench: Bench
) -> None:
    ours = card_sha256({lang: words_of(lang) for lang in Lang})
    bench.gateway.first_aid["approved"] = [ours]
    phone.log_in().connected().tab("aid")
    expect(phone.page.locator(".approval[data-approved=true]")).to_contain_text(ours[:8])


# ---- my kit and bulletins ----------------------------------------------------------------------


def test_the_check_of_the_shift_is_reminded_of_made_offline_and_told(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    offline(phone, bench)
    phone.press("todo-kit")
    expect(phone.act("send-check")).to_be_disabled()
    for name in ("kit-k1", "ok-false", "missing-marker", "tourniquet-true", "armour-true"):
        phone.page.locator(f"[data-say={name}]").click()
    phone.page.locator("[data-say=medic-true]").click()
    phone.press("send-check")
    expect(phone.page.locator(".outcome[data-told=false]")).to_contain_text("kit not complete")
    phone.tab("home")
    expect(phone.act("todo-kit")).to_have_count(0)
    online(phone, bench)
    (check,) = bench.wait_for(lambda: posted(bench, "first-aid/check", Check))
    assert (check.kit_id, check.kit_ok, check.missing) == ("k1", False, ("marker",))
    assert (check.tourniquet, check.armour, check.medic) == (True, True, True)
    assert abs(check.t_ms - now_ms()) < 20_000


def test_a_bulletin_is_read_offline_in_both_languages_and_the_receipt_arrives(
    phone: Phone, bench: Bench
) -> None:
    phone.log_in().connected()
    expect(phone.page.locator("[data-tab=bulletins] .badge")).to_have_text("1")
    offline(phone, bench)
    phone.reload().press("todo-bulletins")
    sheet = phone.page.locator(".bulletin")
    expect(sheet).to_contain_text("TLP:AMBER")
    expect(sheet).to_contain_text("What is known")
    phone.press("flip")
    expect(sheet).to_contain_text("Lo que se sabe")
    read_ms = now_ms()
    phone.press("read")
    expect(phone.page.locator("[data-told=false]")).to_contain_text("Not yet sent")
    on_disk(phone)
    phone.reload()
    expect(phone.page.locator("[data-tab=bulletins] .badge")).to_have_count(0)
    online(phone, bench)
    (receipt,) = bench.wait_for(lambda: posted(bench, "bulletins/b1/read", ReadIn))
    assert receipt.edition == 1
    assert abs(receipt.t_ms - read_ms) < 2000


def test_a_recall_and_a_reminder_are_shown_and_ring_no_siren(phone: Phone, bench: Bench) -> None:
    phone.log_in().connected()
    expect(phone.act("todo-bulletins")).to_be_visible()
    phone.page.evaluate("document.querySelector('vigia-phone').model.bulletins.spreadMs = 0")
    bench.tell({"t": "bulletins", "again": True})
    expect(phone.act("todo-bulletins")).to_contain_text("Reminder")
    bench.gateway.bulletins = [bulletin(BulletinStatus.RECALLED)]
    bench.tell({"t": "bulletins"})
    phone.tab("bulletins")
    row = phone.page.locator("[data-bulletin=b1][data-status=recalled]")
    expect(row).to_contain_text("RECALLED")
    row.click()
    expect(phone.page.locator(".reason")).to_have_text("The source was wrong.")
    expect(phone.act("read")).to_have_count(0)
    assert phone.page.evaluate("document.querySelector('vigia-phone').model.siren.ringing") is None
