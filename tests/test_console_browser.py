"""The console as a watch officer meets it: calm, danger, all clear, a lost watch; in a browser."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest

from phone_bench import CHROMIUM, CHROMIUM_ARGS, Bench, Json, an_alert, now_ms

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
SMALLEST = {"width": 1366, "height": 768}
SLOW_MS = 30_000  # a shared machine without a GPU draws the map in seconds
RED_SHARE = """async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const x = canvas.getContext('2d');
  x.drawImage(image, 0, 0);
  const {data} = x.getImageData(0, 0, image.width, image.height);
  let red = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 1] + 8) red += 1;
  return red;
}"""


def a_track(**more: Any) -> Json:
    now = now_ms()
    arrival: Json = {"target_id": "post/post-12", "p_hit": 0.7, "earliest_ms": now + 50_000}
    arrival |= {"p50_ms": now + 60_000, "range_m": 1240.0, "bearing_deg_true": 231.0}
    track: Json = {
        "track_id": "t41", "number": 41, "status": "confirmed", "mark": "actual",
        "fix": "position", "witnesses": 2, "flags": ["load"], "t_ms": now, "last_ms": now,
        "lat_deg": 31.785, "lon_deg": -106.752, "height_m": 95.0, "speed_mps": 22.0,
        "course_deg_true": 51.0, "climb_mps": 0.0, "sigma_m": 25.0, "p_exist": 0.9,
        "p_drone": 0.94, "azimuth_deg_true": None, "azimuth_sigma_deg": None, "serial": None,
        "arrival": arrival,
    }  # fmt: skip
    return track | more


class Floor:
    """One console, open on one stand-in gateway."""

    def __init__(
        self,
        browser: Any,
        mode: str,
        viewport: Json,
        *,
        theme: str = "dark",
        webgl: bool = True,
    ) -> None:
        self.bench = Bench(mode)
        self.tracks: list[Json] = []
        self.context = browser.new_context(viewport=viewport, locale="en-US")
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: set[str] = set()
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda r: self.asked.add(r.url))
        self.page.add_init_script(f"localStorage.setItem('vigia.theme', '{theme}')")
        if not webgl:
            self.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        self.page.goto(f"{self.bench.base}/fake/login?role=watch_officer&next=/console")
        there = f"[data-map={'ready' if webgl else 'none'}][data-watch=ready]"
        self.page.locator(f"vigia-console{there}").wait_for(timeout=SLOW_MS)

    def tell(self, message: Json) -> None:
        gateway = self.bench.gateway
        self.bench.loop.call_soon_threadsafe(gateway.broadcast, message, "watch_officer")

    def alert(self, **more: Any) -> None:
        alert = an_alert(**more)
        self.bench.given[alert["alert_id"]] = alert
        self.tell({"t": "alert", "alert": alert})

    def picture(self, *tracks: Json) -> None:
        self.tell({"t": "picture", "t_ms": now_ms(), "tracks": tracks, "people": []})

    def danger(self, **more: Any) -> None:
        self.picture(a_track(**more))
        self.alert(alert_id="al-p", target_id="post/post-12", person_id=None, person_name=None)
        for i in (1, 2, 3):
            self.alert(
                alert_id=f"al-{i}",
                person_id=f"p{i}",
                target_id=f"person/p{i}",
                person_name=f"Agent {i}",
            )

    def close(self) -> None:
        self.context.close()
        self.bench.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def floor(chromium: Any) -> Iterator[Floor]:
    made = Floor(chromium, "actual", SMALLEST)
    yield made
    made.close()


@pytest.fixture
def mapless(chromium: Any) -> Iterator[Floor]:
    """Quicker: drawing a map without a GPU takes longer than everything else."""
    made = Floor(chromium, "actual", SMALLEST, webgl=False)
    yield made
    made.close()


def test_calm_says_what_is_and_is_not_watched_and_asks_nobody_else(floor: Floor) -> None:
    health = floor.bench.gateway.world.health(now_ms())
    floor.tell(health)
    right = floor.page.locator(".right")
    expect(right).to_contain_text("No drone warning now")
    expect(right).to_contain_text("radar, radio receiver, microphones")
    expect(right).to_contain_text("acoustic-3")
    expect(right).to_contain_text("Remote ID: hears only drones that announce themselves")
    assert floor.page.locator(".banner, .mark").count() == 0
    assert "✓" not in floor.page.locator("vigia-console").inner_text()
    foreign = {u for u in floor.asked if not u.startswith((floor.bench.base, "data:", "blob:"))}
    assert foreign == set()
    assert floor.errors == []  # a breach of the content policy would stand here


def test_danger_leads_the_page_and_counts_who_answered(floor: Floor) -> None:
    page = floor.page
    floor.danger()
    banner = page.locator(".banner.danger")
    expect(banner).to_contain_text("Drone T-041 heading for Post 12")
    expect(banner).to_contain_text("as soon as")
    expect(banner.locator(".figure b").first).to_have_text(
        re.compile(r"^0:[34]\d$"), timeout=SLOW_MS
    )
    expect(banner).to_contain_text("0 / 3")
    expect(page.locator(".right .pill")).to_have_text("SUSPECT")
    expect(page.locator(".who li").first).to_contain_text("Not reached")
    floor.tell({"t": "reached", "alert_id": "al-2", "person_id": "p2", "kind": "safe",
                "t_ms": now_ms()})  # fmt: skip
    expect(banner).to_contain_text("1 / 3")
    expect(page.locator(".who .how-safe")).to_contain_text("Agent 2")
    for name in (".banner .ghost", ".who li >> nth=0", ".right .figures", ".clock"):
        box = page.locator(name).first.bounding_box()
        assert box is not None, name
        assert box["x"] + box["width"] <= SMALLEST["width"], name
        assert box["y"] + box["height"] <= SMALLEST["height"], name


def test_time_that_ran_out_is_said_and_never_negative(mapless: Floor) -> None:
    arrival = a_track()["arrival"] | {"earliest_ms": now_ms() - 3_000}
    mapless.danger(arrival=arrival)
    banner = mapless.page.locator(".banner")
    expect(banner).to_contain_text("may be here now")
    said = mapless.page.locator("vigia-console").inner_text()
    assert not re.search(r"(?<!T)[-−]\d", said), said  # T-041 is a name, not a number


def test_all_clear_asks_for_a_reason_and_again_while_it_is_tracked(mapless: Floor) -> None:
    page, world = mapless.page, mapless.bench.gateway.world
    mapless.danger()
    page.get_by_role("button", name="All clear…").click()
    give = page.get_by_role("button", name="Give all clear")
    expect(give).to_be_disabled()
    page.get_by_label("Reason, how do you know?").fill("Seen landing at Post 9")
    give.click()
    expect(page.locator(".still")).to_contain_text("Still tracked")
    assert world.cleared_ms is None
    page.get_by_role("button", name="Yes, end it anyway").click()
    expect(page.locator(".toast")).to_contain_text("All clear given")
    assert world.cleared_ms is not None


def test_no_tab_hides_the_alert_and_an_alert_leaves_the_tab_as_it_is(mapless: Floor) -> None:
    page = mapless.page
    for key in "3456":
        page.keyboard.press(key)
        mapless.danger()
        banner = page.locator(".banner.danger")
        expect(banner).to_contain_text("heading for Post 12")
        box = banner.bounding_box()
        at = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        top = "([x, y]) => Boolean(document.elementFromPoint(x, y).closest('.banner'))"
        assert page.evaluate(top, at), key
        expect(page.locator(f".tabs button:nth-child({key})")).to_have_attribute(
            "aria-selected", "true"
        )


def test_an_all_clear_that_leaves_a_blind_post_is_asked_back_by_the_watch(mapless: Floor) -> None:
    page, gateway = mapless.page, mapless.bench.gateway
    mapless.alert(alert_id="al-1", person_id="p1", track_ids=[], track_numbers=[])
    gateway.still_open = ["blind/post-12"]
    page.get_by_role("button", name="All clear…").click()
    page.get_by_label("Reason, how do you know?").fill("Searched on foot")
    page.get_by_role("button", name="Give all clear").click()
    expect(page.locator(".still")).to_contain_text("Not watched by any sensor: Post 12")
    assert gateway.world.cleared_ms is None
    page.get_by_role("button", name="Yes, end it anyway").click()
    expect(page.locator(".toast")).to_contain_text("All clear given")
    last = mapless.bench.heard("POST all-clear")[-1]
    assert (last["accepts"], last["clear_id"]) == (["blind/post-12"], "c1")


def test_one_act_raises_and_widens(mapless: Floor) -> None:
    page = mapless.page
    mapless.danger()
    page.locator("[data-act=raise]").click()
    page.get_by_label("Around them").select_option("3000")
    page.get_by_label("Reason, how do you know?").fill("Seen from the tower")
    page.get_by_role("button", name="Raise the warning").click()
    expect(page.locator(".toast")).to_contain_text("Warning raised")
    [said] = mapless.bench.heard("POST raise")
    assert (said["tier"], said["radius_m"], said["incident_id"]) == (3, 3000, "i-1")


def test_an_attack_report_is_confirmed_and_taken_back_from_the_banner(mapless: Floor) -> None:
    page = mapless.page
    order = {"rule": "attack", "order_id": "x1"}
    mapless.alert(tier=2, grounds=order, track_ids=[], track_numbers=[])
    expect(page.locator(".banner")).to_contain_text("Drone attack reported near")
    for act, button, path in (
        ("confirm", "I vouch for it", "attacks/x1/confirm"),
        ("undo", "Take it back", "orders/x1/undo"),
    ):
        page.locator(f"[data-act={act}]").click()
        page.get_by_label("Reason, how do you know?").fill("Called back")
        page.get_by_role("button", name=button).click()
        mapless.bench.wait_for(lambda path=path: mapless.bench.heard(f"POST {path}"))
        expect(page.locator(".dialog")).to_have_count(0)


def test_friend_and_foe_are_a_named_persons_word(mapless: Floor) -> None:
    page = mapless.page
    mapless.danger(identity="hostile")
    for act, button, path in (
        ("friendly", "It is ours", "tracks/t41/friendly"),
        ("hostile", "It is hostile", "tracks/t41/identity"),
    ):
        page.locator(f"[data-act={act}]").click()
        page.get_by_label("Reason, how do you know?").fill("Seen by the pilot")
        page.get_by_role("button", name=button).click()
        mapless.bench.wait_for(lambda path=path: mapless.bench.heard(f"POST {path}"))
        expect(page.locator(".dialog")).to_have_count(0)


def test_a_flight_is_vouched_for_listed_and_ended(mapless: Floor) -> None:
    page = mapless.page
    mapless.picture(a_track(serial="1581F0001", arrival=None, flags=[]))
    page.get_by_text("T-041").first.click()
    page.locator("[data-act=flight]").click()
    page.get_by_label("Reason, how do you know?").fill("Search for a lost child")
    page.get_by_label("Whose flight, callsign").fill("Sheriff, Hawk 2")
    page.locator("select[name=hours]").select_option("2")
    page.screenshot(path="artefacts/console-flight.png")
    page.get_by_role("button", name="I vouch for it").click()
    expect(page.locator(".toast")).to_contain_text("Flight authorised")
    [said] = mapless.bench.heard("POST flights")
    assert (said["serial"], said["whose"]) == ("1581F0001", "Sheriff, Hawk 2")
    assert said["radius_m"] == 1000
    assert said["ceiling_m"] == 120
    assert 2 * 3_600_000 <= said["until_ms"] - said["from_ms"] <= 2 * 3_600_000 + 70_000
    mapless.picture()
    row = page.locator("[data-flight=f1]")
    expect(row).to_contain_text("Sheriff, Hawk 2")
    row.get_by_role("button", name="End…").click()
    page.get_by_label("Reason, how do you know?").fill("Landed")
    page.get_by_role("button", name="End it").click()
    mapless.bench.wait_for(lambda: mapless.bench.heard("POST orders/f1/undo"))


def test_where_the_watch_is_lost_is_told_and_since_when(mapless: Floor) -> None:
    page = mapless.page
    cover = {"t": "cover", "target_id": "post/post-12", "since_ms": now_ms() - 320_000}
    mapless.tell({**cover, "watched": "lost", "classes": []})
    band = page.locator("[data-cover=lost]")
    expect(band).to_contain_text("WATCH LOST")
    expect(band).to_contain_text("Post 12 for 5 min")
    expect(page.locator("[data-post=post-12]")).to_contain_text("WATCH LOST")
    mapless.tell({**cover, "watched": "unproved", "classes": []})
    expect(band).to_have_count(0)
    expect(page.locator("[data-post=post-12]")).to_contain_text("counts as blind")


def test_an_all_clear_can_be_reversed_from_the_list_of_what_ended(mapless: Floor) -> None:
    page = mapless.page
    mapless.alert(msg_type="cancel", end_reason="all_clear", by_name="Dana", revision=2)
    page.locator("[data-act=reverse]").click()
    page.get_by_label("Reason, how do you know?").fill("Seen again")
    page.get_by_role("button", name="Warn them again").click()
    expect(page.locator(".toast")).to_contain_text("All clear reversed")
    assert mapless.bench.heard("POST all-clear/reverse")


def test_not_a_drone_is_said_with_a_reason(mapless: Floor) -> None:
    page = mapless.page
    mapless.danger()
    page.get_by_role("button", name="Not a drone…").click()
    page.get_by_label("Reason, how do you know?").fill("It is our own helicopter")
    page.get_by_role("button", name="It is not a drone").click()
    expect(page.locator(".toast")).to_contain_text("not a drone")
    assert mapless.bench.heard("POST tracks/t41/not-a-drone")[0]["reason"].startswith(
        "It is our own"
    )


def test_the_officer_at_the_page_is_reached_by_it(mapless: Floor) -> None:
    me = mapless.bench.gateway.hello("watch_officer")["person"]
    mapless.alert(alert_id="al-me", person_id=me["person_id"], person_name=me["name"])
    ack = mapless.bench.wait_for(lambda: mapless.bench.acks("delivered"))[0]
    assert (ack["alert_id"], ack["revision"]) == ("al-me", 1)


def test_an_agent_is_invited_with_a_code_that_can_be_scanned(mapless: Floor) -> None:
    page = mapless.page
    page.get_by_title("Invite a phone").click()
    page.get_by_label("Name of the agent").fill("Agent 9")
    page.get_by_label("Post").select_option("post-7")
    page.get_by_role("button", name="Make the link").click()
    code = page.get_by_role("img", name="QR code of the link")
    expect(code).to_be_visible()
    assert code.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    asked = mapless.bench.heard("POST invitations")[0]
    assert (asked["name"], asked["post_id"], asked["role"]) == ("Agent 9", "post-7", "agent")
    page.keyboard.press("Escape")
    expect(code).to_have_count(0)


def test_keys_choose_tracks_and_tabs(mapless: Floor) -> None:
    page = mapless.page
    mapless.picture(a_track(), a_track(track_id="t2", number=2, arrival=None))
    expect(page.locator(".track")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".track[aria-selected=true]")).to_contain_text("T-002")
    page.keyboard.press("a")
    expect(page.locator(".history")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator(".history")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".track[aria-selected=true]")).to_have_count(0)


def test_a_watch_that_stops_is_lost_within_seconds_over_everything(floor: Floor) -> None:
    page = floor.page
    floor.danger()
    floor.bench.network(up=False)
    lost = page.locator(".lost")
    expect(lost).to_contain_text("WATCH LOST", timeout=8_000)
    expect(lost).to_contain_text("Use the radio")
    expect(lost).to_contain_text("Age of the picture")
    page.get_by_role("button", name="Look at the old picture").click()
    expect(page.locator(".lost-band")).to_contain_text("WATCH LOST")
    floor.bench.network(up=True)
    expect(page.locator(".lost, .lost-band")).to_have_count(0, timeout=SLOW_MS)
    expect(page.locator(".banner")).to_contain_text("Post 12")  # what is open is open again
    assert floor.bench.heard("holds")[-1]["alert_ids"] == []  # nobody else's alert is ours


def test_without_webgl_everything_but_the_map_works(mapless: Floor) -> None:
    expect(mapless.page.locator(".mapless")).to_contain_text("no WebGL")
    mapless.danger()
    expect(mapless.page.locator(".banner")).to_contain_text("Drone T-041 heading for Post 12")
    expect(mapless.page.locator(".track")).to_have_count(1)
    assert mapless.errors == []


def test_an_exercise_cannot_be_taken_for_real_and_goggles_see_no_red(chromium: Any) -> None:
    floor = Floor(chromium, "exercise", {"width": 1600, "height": 900}, theme="nvg")
    try:
        floor.danger(mark="exercise")
        expect(floor.page.locator(".mark")).to_contain_text("EXERCISE")
        expect(floor.page.locator(".right .subject")).to_contain_text("EXERCISE")
        floor.page.wait_for_timeout(1500)  # the map draws the track
        png = base64.b64encode(floor.page.screenshot()).decode()
        assert floor.page.evaluate(RED_SHARE, png) == 0
    finally:
        floor.close()
