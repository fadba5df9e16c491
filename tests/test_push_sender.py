"""The push channel's sender against a push service that decrypts by RFC 8291."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from push_double import Phone, PushDouble
from test_push_render import an_alert
from vigia.events import Alert
from vigia.run.channel_check import check_channel
from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.contacts import Contact, Contacts
from vigia.run.courier.door import Job, Receipt, Result
from vigia.run.courier.push import (
    RETRY_AFTER_MAX_S,
    PushSender,
    PushSettings,
    retry_after_s,
)
from vigia.run.courier.push_ready import PHONES_MAX, READY_EACH, ReadyRecords
from vigia.run.pem_keys import own_key
from vigia.run.push_address import Keys, Subscription, refused, service_fault
from vigia.run.settings import SettingsError
from vigia.terms import Channel, Lang, MsgType
from vigia.wire.webpush import Subscriber, base64url, point_bytes

KEY = ec.generate_private_key(ec.SECP256R1())
Body = Callable[[PushDouble, PushSender], Coroutine[Any, Any, None]]


def live_alert(**changes: Any) -> Alert:
    now = time.time_ns()
    times = {"t_cause_ns": now, "t_decided_ns": now, "t_expires_ns": now + 180_000_000_000}
    return an_alert(**(times | changes))


def job(phone: Phone, **changes: Any) -> Job:
    alert = live_alert(**changes)
    return Job(
        delivery_id=f"{alert.alert_id}.{alert.revision}.push",
        alert=alert,
        address=phone.address,
        lang=Lang.EN,
        words="TAKE COVER",
    )


def with_service(body: Body, **settings: Any) -> None:
    async def run() -> None:
        async with PushDouble() as service:
            told = {"contact": "mailto:ops@agency.example", "services": (service.base,)}
            sender = PushSender(PushSettings(**(told | settings)), KEY)
            try:
                await body(service, sender)
            finally:
                await sender.close()
            assert service.bad == []

    asyncio.run(run())


def test_a_phone_gets_the_alert_sealed_for_it_alone() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        one, two = Phone(service), Phone(service)
        receipts = await sender.send([job(one), job(two, alert_id="other", revision=7)])
        assert [r.result for r in receipts] == [Result.OK, Result.OK]
        (got,) = one.got
        assert (got["alert_id"], got["revision"], got["action"]) == (
            "0123456789abcdef", 2, "take_cover",
        )  # fmt: skip
        assert two.got[0]["revision"] == 7
        assert one.headers[0]["urgency"] == "high"
        assert 170 <= int(one.headers[0]["ttl"]) <= 180
        assert one.sizes == two.sizes
        assert one.headers[0]["topic"] != two.headers[0]["topic"]

    with_service(body)


def test_an_update_and_the_end_have_the_topic_of_the_first_word() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phone = Phone(service)
        for changes in (
            {"revision": 1, "msg_type": MsgType.ALERT},
            {"revision": 2, "msg_type": MsgType.UPDATE},
            {"revision": 3, "msg_type": MsgType.CANCEL},
        ):
            await sender.send([job(phone, **changes)])
        assert len({h["topic"] for h in phone.headers}) == 1
        assert [g["msg_type"] for g in phone.got] == ["alert", "update", "cancel"]

    with_service(body)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result.OK),
        (202, Result.OK),
        (404, Result.GONE),
        (410, Result.GONE),
        (400, Result.REFUSED),
        (403, Result.REFUSED),
        (413, Result.REFUSED),
        (301, Result.REFUSED),
        (500, Result.RETRY),
        (502, Result.RETRY),
        (429, Result.RETRY),
    ],
)
def test_each_answer_of_a_service_means_what_it_says(status: int, result: Result) -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phone = Phone(service)
        phone.statuses = [status]
        (receipt,) = await sender.send([job(phone)])
        assert receipt.result is result
        assert phone.path not in receipt.why
        assert (receipt.retry_after_s is not None) == (status == 429)

    with_service(body)


def test_a_service_that_asks_us_to_wait_is_left_alone_by_all_its_phones() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        service.retry_after = "120"
        first, second = Phone(service), Phone(service)
        first.statuses = [429]
        (told,) = await sender.send([job(first)])
        assert (told.result, told.retry_after_s) == (Result.RETRY, 120.0)
        (held,) = await sender.send([job(second)])
        assert held.result is Result.RETRY
        assert 100 < (held.retry_after_s or 0) <= 120
        assert second.got == []

    with_service(body)


def test_a_dead_service_is_the_worlds_fault_and_tried_again() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phone = Phone(service)
        await service.__aexit__()
        (receipt,) = await sender.send([job(phone)])
        assert receipt.result is Result.RETRY

    with_service(body)


def test_one_connection_and_one_token_serve_many_alerts() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phone = Phone(service)
        for revision in range(5):
            await sender.send([job(phone, revision=revision)])
        assert service.connections == 1
        assert len({h["authorization"] for h in phone.headers}) == 1

    with_service(body)


def test_keys_are_exchanged_ahead_when_there_is_time() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phones = [Phone(service) for _ in range(50)]
        sender.expect(p.address for p in phones)
        while len(sender.ready) < 50 * READY_EACH:  # noqa: ASYNC110 - it fills by itself
            await asyncio.sleep(0.01)
        receipts = await sender.send([job(p) for p in phones])
        assert {r.result for r in receipts} == {Result.OK}
        assert sender.ready.on_the_spot == 0

    with_service(body)


def test_a_hundred_thousand_words_for_one_phone_use_each_record_once() -> None:
    records = ReadyRecords()
    to = Subscriber(point_bytes(KEY.public_key()), b"a" * 16)
    records.expect("p", to)
    seen = [records.take("p", to) for _ in range(10) if records.fill(1) or True]
    assert len({r.header for r in seen}) == 10
    assert len({r.key for r in seen}) == 10


def test_a_phone_that_subscribed_anew_gets_records_of_its_new_key_only() -> None:
    records = ReadyRecords()
    old, new = (Subscriber(point_bytes(KEY.public_key()), bytes([n]) * 16) for n in (1, 2))
    records.expect("p", old)
    assert records.fill(100) == READY_EACH
    before = len(records)
    records.expect("p", new)
    assert len(records) == before - READY_EACH
    records.forget("p")
    assert len(records) == 0
    assert records.fill(100) == 0


def test_the_phones_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PHONES_MAX >= 10_000
    monkeypatch.setattr("vigia.run.courier.push_ready.PHONES_MAX", 3)
    records = ReadyRecords()
    to = Subscriber(point_bytes(KEY.public_key()), b"a" * 16)
    for n in range(5):
        records.expect(f"p{n}", to)
    assert records.fill(100) == 3 * READY_EACH


# ---- whom we call ------------------------------------------------------------------------------

GOOD_KEYS = Keys(base64url(point_bytes(KEY.public_key())), base64url(b"a" * 16))


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QABC",
        "https://wns2-by3p.notify.windows.com/w/?token=x",
        "https://push.agency.example/1",
        "https://10.0.0.9:8443/1",
    ],
)
def test_known_services_and_the_operators_own_may_be_called(endpoint: str) -> None:
    services = ("push.agency.example", "https://10.0.0.9:8443")
    assert refused(Subscription(endpoint, GOOD_KEYS), services) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://evil.example/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com@10.0.0.1/",
        "https://user:pw@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8080/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "https://notgoogleapis.com/x",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis.com/\r\nX: y",
        "https://fcm.googleapis.com\\@evil.example/",
        "file:///etc/passwd",
        "//fcm.googleapis.com/x",
        "https://:443/x",
        "https://fcm.googleapis.com:99999/x",
        "",
        "https://fcm.googleapis.com/" + "x" * 2_000,
    ],
)
def test_nobody_makes_the_server_call_another_machine(endpoint: str) -> None:
    why = refused(Subscription(endpoint, GOOD_KEYS), ("push.agency.example",))
    assert why is not None
    assert len(why) < 250


def test_an_address_that_is_not_allowed_is_never_called() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        receipts = await sender.send([job(Phone(service))])
        assert receipts[0].result is Result.REFUSED
        assert service.connections == 0

    with_service(body, services=())


def test_keys_that_are_none_are_refused() -> None:
    for keys in (Keys("", ""), Keys("AAAA", GOOD_KEYS.auth), Keys(GOOD_KEYS.p256dh, "AAAA")):
        assert refused(Subscription("https://fcm.googleapis.com/x", keys), ()) is not None


@pytest.mark.parametrize(
    ("service", "good"),
    [
        ("push.agency.example", True),
        ("https://push.agency.example:8443", True),
        ("https://push.agency.example/path", False),
        ("*.example", False),
        ("ftp://push.example", False),
    ],
)
def test_a_service_in_the_settings_is_a_name_or_an_origin(service: str, good: bool) -> None:
    assert (service_fault(service) is None) == good


def test_retry_after_is_read_as_seconds_or_a_date_and_is_bounded() -> None:
    now_ns = 1_800_000_000_000_000_000
    assert retry_after_s("120", now_ns) == 120.0
    assert retry_after_s("Fri, 15 Jan 2027 08:01:00 GMT", now_ns) == 60.0
    assert retry_after_s("Fri, 15 Jan 2027 07:00:00 GMT", now_ns) == 0.0
    assert retry_after_s("9" * 400, now_ns) == RETRY_AFTER_MAX_S
    for text in (None, "", "soon", "-3"):
        assert retry_after_s(text, now_ns) is None


def test_the_key_is_made_once_and_is_the_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "push.key"
    first = own_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert point_bytes(own_key(path).public_key()) == point_bytes(first.public_key())
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        own_key(path)
    path.chmod(0o600)
    path.write_bytes(b"nonsense")
    with pytest.raises(SettingsError, match="restore it"):
        own_key(path)


def test_a_receipt_never_holds_the_endpoint() -> None:
    async def body(service: PushDouble, sender: PushSender) -> None:
        phone = Phone(service)
        told: list[Receipt] = []
        for status in (404, 403, 500):
            phone.statuses = [status]
            told += await sender.send([job(phone)])
        assert all(phone.path not in r.why and service.base not in r.why for r in told)

    with_service(body)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, None),
        ({"subject": ""}, "mailto"),
        ({"services": ("*",)}, "host name"),
        ({"kind": Channel.NTFY, "services": ("push.example",), "url": "https://x"}, "push only"),
        ({"kind": Channel.CAP, "url": "ftp://x"}, "http"),
    ],
)
def test_a_channel_that_cannot_be_is_said_at_once(
    changes: dict[str, Any], wrong: str | None
) -> None:
    entry = ChannelEntry(**({"kind": Channel.PUSH, "subject": "mailto:a@b.example"} | changes))
    if wrong is None:
        check_channel("[channels.x]", entry)
        return
    with pytest.raises(ValueError, match=wrong):
        check_channel("[channels.x]", entry)


def test_the_address_books_phones_are_prepared_for_and_new_ones_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.courier.push.LOOK_S", 0.05)

    async def body(service: PushDouble, _sender: PushSender) -> None:
        book, other = Contacts(tmp_path), Contacts(tmp_path)
        sender = PushSender(PushSettings(contact="mailto:a@b.example"), KEY, contacts=book)
        for n in range(2):
            phone = Phone(service)
            other.put([Contact(f"p{n}", Channel.PUSH, phone.address, f"d{n}")], n)
            async with asyncio.timeout(10):
                while len(sender.ready) < (n + 1) * READY_EACH:  # noqa: ASYNC110 - by itself
                    await asyncio.sleep(0.01)
        await sender.close()
        other.close()

    with_service(body)
