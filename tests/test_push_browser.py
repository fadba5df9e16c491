"""The service worker's push handler in a real browser, over TLS on an address of this machine."""

from __future__ import annotations

import base64
import hashlib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from phone_bench import CHROMIUM, CHROMIUM_ARGS, Bench, an_alert
from test_push_render import an_alert as a_core_alert
from vigia.delivery.channels.push import render
from vigia.run.site_ca import own_addresses, site_certificate
from vigia.terms import EndReason, Mark, MsgType
from vigia.wire.webpush import base64url, point_bytes

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
NOTIFICATIONS = """async () => {
  const worker = await navigator.serviceWorker.ready;
  return (await worker.getNotifications()).map((n) => ({
    title: n.title, body: n.body, tag: n.tag, lang: n.lang, silent: n.silent,
    stays: n.requireInteraction, actions: n.actions.map((a) => a.action),
  }));
}"""
CLICK = """async ([tag, action]) => {
  const [notification] = await self.registration.getNotifications({tag});
  const event = new NotificationEvent("notificationclick", {notification, action});
  self.dispatchEvent(event);
}"""
KEPT_LANGUAGE = """() => import("/static/core/db.mjs").then(
  (db) => new db.Store("device").get("lang")).then((kept) => kept?.lang ?? null)"""
FAKE_SUBSCRIPTION = """
const made = (applicationServerKey) => ({
  endpoint: "https://fcm.googleapis.com/fcm/send/test",
  options: {applicationServerKey},
  getKey: (name) => new Uint8Array(name === "auth" ? 16 : 65).fill(4).buffer,
});
PushManager.prototype.getSubscription = async () =>
  localStorage.getItem("test.subscribed") ? made(null) : null;
PushManager.prototype.subscribe = async ({applicationServerKey}) => {
  localStorage.setItem("test.subscribed", "1");
  return made(applicationServerKey);
};
"""


def pushed(**changes: Any) -> str:
    """What the courier's sender would have sealed, of an alert of now."""
    now = time.time_ns()
    alert = a_core_alert(
        **{
            "alert_id": "al-1", "mark": Mark.ACTUAL, "t_cause_ns": now, "t_decided_ns": now,
            "t_expires_ns": now + 180_000_000_000, "t_earliest_ns": now + 50_000_000_000,
            "confirmed": True, "revision": 1, "msg_type": MsgType.ALERT,
        } | changes
    )  # fmt: skip
    return render(alert, t_ns=now).plain.decode()


class Locked:
    """A phone whose page is not looked at, and the CDP session that delivers pushes to it."""

    def __init__(self, context: Any, bench: Bench) -> None:
        self.context, self.bench = context, bench
        context.grant_permissions(["notifications"], origin=bench.base)
        self.page = context.new_page()
        self.cdp = context.new_cdp_session(self.page)
        self.registrations: list[Any] = []
        self.cdp.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda e: self.registrations.extend(e["registrations"]),
        )
        self.cdp.send("ServiceWorker.enable")

    def log_in(self, query: str = "") -> Locked:
        self.page.goto(f"{self.bench.base}/fake/login?role=agent&next=/{query}")
        self.page.wait_for_selector("vigia-phone[data-ready]")
        self.page.evaluate("navigator.serviceWorker.ready.then((r) => r.active.state)")
        return self

    def push(self, text: str) -> None:
        self.bench.wait_for(lambda: self.registrations or self.page.wait_for_timeout(20))
        params = {
            "origin": self.bench.base,
            "registrationId": self.registrations[-1]["registrationId"],
            "data": text,
        }
        self.cdp.send("ServiceWorker.deliverPushMessage", params)

    def shown(self, fits: Any = bool) -> list[Any]:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            found = self.page.evaluate(NOTIFICATIONS)
            if fits(found):
                return found
            self.page.wait_for_timeout(50)
        raise AssertionError(f"got {found}")

    def click(self, tag: str, action: str = "") -> None:
        (worker,) = self.context.service_workers
        worker.evaluate(CLICK, [tag, action])

    def acks(self, kind: str) -> list[Any]:
        return [a for a in self.bench.heard("POST acknowledgements") if a["kind"] == kind]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Bench]]:
    """A browser that trusts the site's certificate, and a stand-in gateway that has it."""
    host = own_addresses()[0]
    files = site_certificate(tmp_path_factory.mktemp("tls"), [host], host, "test")
    leaf = x509.load_pem_x509_certificate(files.chain.read_bytes())
    spki = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.chain, files.key)
    bench = Bench(tls=tls, host=host)
    args = [*CHROMIUM_ARGS, f"--ignore-certificate-errors-spki-list={pin}"]
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield browser, bench
        browser.close()
    bench.stop()


@pytest.fixture
def locked(world: tuple[Any, Bench]) -> Iterator[Locked]:
    browser, bench = world
    bench.gateway.log.clear()
    bench.given.clear()
    bench.gateway.push_key = ""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-US", ignore_https_errors=True
    )
    yield Locked(context, bench)
    context.close()


def test_a_push_is_shown_told_back_and_replaced_by_its_update_and_its_end(locked: Locked) -> None:
    locked.log_in()
    locked.push(pushed())
    (one,) = locked.shown()
    assert (one["title"], one["tag"], one["stays"]) == ("TAKE COVER", "al-1", True)
    assert one["actions"] == ["safe"]
    assert "From the south-west, 1.2 km away" in one["body"]
    locked.bench.wait_for(lambda: locked.acks("delivered"))
    locked.push(pushed(revision=3, msg_type=MsgType.UPDATE, from_point="n", sound=False))
    locked.shown(lambda n: len(n) == 1 and "north" in n[0]["body"])
    locked.push(pushed(revision=2))  # late: the newer one stays
    locked.page.wait_for_timeout(300)
    assert "north" in locked.shown()[0]["body"]
    end = {"revision": 4, "msg_type": MsgType.CANCEL, "action": "all_clear"}
    locked.push(pushed(**end, end_reason=EndReason.ALL_CLEAR))
    (last,) = locked.shown(lambda n: n and n[0]["title"] == "ALL CLEAR")
    assert (last["stays"], last["silent"], last["actions"]) == (False, True, [])
    assert [a["revision"] for a in locked.acks("delivered")] == [1, 3]


def test_the_answer_i_am_in_cover_needs_no_unlocking(locked: Locked) -> None:
    locked.log_in()
    locked.push(pushed())
    locked.shown()
    locked.click("al-1", "safe")
    (safe,) = locked.bench.wait_for(lambda: locked.acks("safe"))
    assert (safe["alert_id"], safe["revision"]) == ("al-1", 1)
    locked.shown(lambda n: len(n) == 1 and "Stay there until all clear" in n[0]["body"])


def test_a_press_on_it_opens_the_alert(locked: Locked) -> None:
    locked.log_in()
    locked.bench.say(an_alert(alert_id="al-1", tier=1, action="be_aware"))
    expect(locked.page.locator(".action")).to_have_text("WATCH THE SKY")
    locked.page.evaluate("document.querySelector('vigia-phone').model.go('home')")
    locked.push(pushed())
    locked.shown()
    locked.click("al-1")
    expect(locked.page.locator(".action")).to_have_text("WATCH THE SKY")
    locked.shown(lambda n: n == [])


def test_a_press_that_opens_the_page_shows_that_alert_first(locked: Locked) -> None:
    locked.bench.say(an_alert(alert_id="worse"))
    locked.bench.say(an_alert(alert_id="pressed", tier=1, action="be_aware"))
    locked.log_in("%23alert=pressed")
    expect(locked.page.locator(".action")).to_have_text("WATCH THE SKY")
    assert locked.page.evaluate("location.hash") == ""


def test_an_open_page_that_shows_it_already_is_not_rung_twice(locked: Locked) -> None:
    locked.log_in()
    locked.bench.say(an_alert(alert_id="al-1"))
    expect(locked.page.locator(".action")).to_have_text("TAKE COVER")
    locked.push(pushed())
    (one,) = locked.shown()
    assert one["silent"] is True
    locked.push(pushed(alert_id="al-2"))
    two = locked.shown(lambda n: len(n) == 2)
    assert [n["silent"] for n in two if n["tag"] == "al-2"] == [False]


def test_in_spanish_for_who_chose_it_and_without_the_server(locked: Locked) -> None:
    locked.log_in()
    settings(locked)
    locked.page.get_by_role("button", name="Español").click()
    locked.bench.wait_for(lambda: locked.page.evaluate(KEPT_LANGUAGE) == "es")
    locked.bench.network(up=False)
    try:
        locked.push(pushed())
        (one,) = locked.shown()
        assert (one["title"], one["lang"]) == ("CÚBRASE", "es")
        kept = "document.querySelector('vigia-phone').model.acks.pending.size"
        locked.bench.wait_for(lambda: locked.page.evaluate(kept) == 1)
    finally:
        locked.bench.network(up=True)
    # what could not be told then, the page tells when the link is back
    locked.bench.wait_for(lambda: locked.bench.acks("delivered"), 20)


def test_what_cannot_be_read_still_says_that_something_is_up(locked: Locked) -> None:
    locked.log_in()
    locked.push("{}")
    (one,) = locked.shown()
    assert one["title"] == "Drone warning"


def test_are_you_there_is_answered_and_leaves_nothing_on_the_screen(locked: Locked) -> None:
    locked.log_in()
    locked.push('{"v":1,"t":"beat","t_s":1800000000,"mac":"abc"}')
    told = locked.bench.wait_for(lambda: locked.bench.heard("POST push/heartbeat"))
    assert (told[0]["t_s"], told[0]["mac"]) == (1_800_000_000, "abc")
    assert locked.shown(lambda found: found == []) == []


def test_a_shift_in_hiding_is_shown_and_makes_no_noise(locked: Locked) -> None:
    locked.log_in()
    locked.page.evaluate("document.querySelector('vigia-phone').model.quiet.begin()")
    locked.page.wait_for_timeout(300)
    locked.push(pushed(sound=True))
    (one,) = locked.shown()
    assert one["silent"] is True
    assert one["title"] == "TAKE COVER"


def test_going_on_watch_subscribes_and_tells_the_server(locked: Locked) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    locked.bench.gateway.push_key = base64url(point_bytes(key.public_key()))
    locked.page.add_init_script(FAKE_SUBSCRIPTION)
    locked.log_in()
    locked.page.locator("[data-act=watch]").click()
    sent = locked.bench.wait_for(lambda: locked.bench.heard("POST push/subscription"))[0]
    assert sent["endpoint"] == "https://fcm.googleapis.com/fcm/send/test"
    assert len(sent["keys"]["p256dh"]) == 87
    settings(locked)
    expect(locked.page.locator("[data-push=on]")).to_contain_text("if the phone has internet")
    locked.page.reload()
    locked.page.wait_for_selector("vigia-phone[data-ready]")
    settings(locked)
    expect(locked.page.locator("[data-push=on]")).to_be_visible()
    assert len(locked.bench.heard("POST push/subscription")) == 1  # known: not told again


def test_the_phone_says_that_it_will_not_be_warned_where_that_is_so(
    locked: Locked, artefacts: Path
) -> None:
    locked.log_in()
    settings(locked)
    line = locked.page.locator("[data-act=push]")
    expect(line).to_have_attribute("data-push", "unused")
    expect(line).to_contain_text("This phone will not be warned")
    locked.page.screenshot(path=str(artefacts / "phone-push.png"))


def settings(locked: Locked) -> None:
    locked.page.evaluate("document.querySelector('vigia-phone').model.go('settings')")


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    import os

    folder = Path(os.environ.get("VIGIA_ARTEFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
