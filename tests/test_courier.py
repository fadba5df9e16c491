"""Alerts through the courier to real receivers: ntfy's form, webhook, SMTP, Mosquitto, relay."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from aiosmtpd.controller import Controller
from tools.live import free_port

from courier_world import (
    OPEN,
    CourierProcess,
    Http,
    WatchSide,
    alert,
    contacts,
    delivery,
    secret,
    until,
)
from vigia.events_reach import ContactSet
from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.words import SPARSE_MAX, sparse_text
from vigia.terms import Channel, EndReason, Lang, Mark, MsgType, Tier

NTFY, HOOK, MAIL = Channel.NTFY, Channel.WEBHOOK, Channel.EMAIL


@asynccontextmanager
async def courier(
    folder: Path, channels: dict[str, ChannelEntry], people: int = 3
) -> AsyncGenerator[tuple[WatchSide, CourierProcess]]:
    side, process = WatchSide(folder, people), CourierProcess(folder, channels)
    task = asyncio.create_task(side.link.run())
    process.start()
    try:
        await until(lambda: side.connects)
        yield side, process
    finally:
        process.kill()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while OPEN:
            OPEN.pop().close()
        await asyncio.sleep(0.05)


def entry(kind: Channel, **more: Any) -> ChannelEntry:
    return ChannelEntry(kind=kind, **more)


# ---- each channel's bytes ------------------------------------------------------------------------


def test_ntfy_gets_the_words_at_the_priority_of_the_tier(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "vigia-x7k"))
    token = secret(tmp_path, "ntfy.token", "tk_abc")

    async def go() -> list[Any]:
        http = await Http().start()
        async with courier(tmp_path, {"n": entry(NTFY, url=http.url, secret=token)}) as (side, _):
            await until(lambda: side.contacts.get("p1") == {NTFY})
            [sent] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(sent))
            assert side.fate(sent) == "ok"
        return http.got

    [(path, headers, body)] = asyncio.run(go())
    said = json.loads(body)
    assert (path, headers["authorization"]) == ("/", "Bearer tk_abc")
    assert (said["topic"], said["priority"]) == ("vigia-x7k", 5)
    assert said["message"].startswith("TAKE COVER. From the south-west, as soon as 0:40.")
    assert "700" not in said["message"]


def test_a_webhook_is_signed_as_standard_webhooks_says(tmp_path: Path) -> None:
    key = "whsec_" + base64.b64encode(b"k" * 24).decode()
    name = secret(tmp_path, "hook", key)

    async def go() -> list[Any]:
        http = await Http().start()
        hooks = {"desk": entry(HOOK, url=f"{http.url}/in", secret=name)}
        async with courier(tmp_path, hooks) as (side, _):
            [sent] = side.give(alert(None), HOOK)
            await until(lambda: side.fate(sent))
        return http.got

    [(path, headers, body)] = asyncio.run(go())
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
    assert path == "/in"
    assert headers["webhook-signature"] == f"v1,{right}"
    assert headers["webhook-id"] == "aNone.1.webhook"
    said = json.loads(body)
    assert (said["place"], said["tier"], said["mark"]) == ("Post 12", 3, "actual")
    assert set(said["text"]) == {"en", "es"}


def test_a_mail_says_action_and_direction_and_never_where_he_is(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", MAIL, "agent@example.org"))
    got: list[Any] = []

    class Sink:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            got.append(envelope)
            return "250 OK"

    port = free_port()
    sink = Controller(Sink(), hostname="127.0.0.1", port=port)
    sink.start()
    url = f"mailto://127.0.0.1:{port}/?from=vigia@example.org&to={{address}}&mode=insecure"
    name = secret(tmp_path, "mail", url)

    async def go() -> None:
        async with courier(tmp_path, {"m": entry(MAIL, secret=name)}) as (side, _):
            [sent] = side.give(alert(1), MAIL)
            await until(lambda: side.fate(sent))
            assert side.fate(sent) == "ok"

    try:
        asyncio.run(go())
    finally:
        sink.stop()
    [envelope] = got
    mail = message_from_bytes(envelope.content)
    text = str(mail.get_payload(decode=True) or mail.get_payload()[0].get_payload(decode=True))
    assert envelope.rcpt_tos == ["agent@example.org"]
    assert mail["Subject"] == "TAKE COVER"
    assert "From the south-west" in text
    assert "700" not in text
    assert "Post 12" not in text


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="needs Debian's mosquitto")
def test_mosquitto_keeps_the_last_word_on_each_post(tmp_path: Path) -> None:
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(
        ["mosquitto", "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    got: list[Any] = []

    def listen() -> mqtt.Client:
        versions = getattr(mqtt, "CallbackAPIVersion", None)
        client = mqtt.Client() if versions is None else mqtt.Client(versions.VERSION2)
        client.on_message = lambda _c, _d, message: got.append(message)
        client.connect("127.0.0.1", port)
        client.subscribe("border/posts/#", qos=1)
        client.loop_start()
        return client

    async def go() -> None:
        channels = {"m": entry(Channel.MQTT, url=f"mqtt://127.0.0.1:{port}", topic="border")}
        async with courier(tmp_path, channels) as (side, _):
            [sent] = side.give(alert(None), Channel.MQTT)
            await until(lambda: side.fate(sent))
            assert side.fate(sent) == "ok"
            end = alert(None, 2, msg_type=MsgType.CANCEL, end_reason=EndReason.DEPARTED)
            [sent] = side.give(end, Channel.MQTT)
            await until(lambda: side.fate(sent))
            late = listen()  # comes after all was said
            await until(lambda: got)
            late.loop_stop()

    try:
        asyncio.run(go())
    finally:
        broker.kill()
        broker.wait()
    [message] = got
    said = json.loads(message.payload)
    assert message.topic == "border/posts/12/alert"
    assert (said["revision"], said["msg_type"], said["end_reason"]) == (2, "cancel", "departed")


def test_a_siren_is_switched_on_and_off_and_never_by_a_drill(tmp_path: Path) -> None:
    async def go() -> list[str]:
        http = await Http().start()
        url = f"{http.url}/relay/0?turn={{turn}}&post={{post}}"
        async with courier(tmp_path, {"s": entry(Channel.SIREN, url=url)}) as (side, _):
            for a in (
                alert(None),
                alert(None, 2, msg_type=MsgType.CANCEL, end_reason=EndReason.ALL_CLEAR),
                alert(None, alert_id="drill", mark=Mark.EXERCISE),
            ):
                [sent] = side.give(a, Channel.SIREN)
                await until(lambda s=sent: side.fate(s))
            assert side.fate("drill.1.siren") == "a drill sounds no siren"
        return [path for path, _, _ in http.got]

    assert asyncio.run(go()) == ["/relay/0?turn=on&post=12", "/relay/0?turn=off&post=12"]


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("mark", Mark)
def test_the_words_that_leave_are_one_text_message(lang: Lang, mark: Mark) -> None:
    for reason in EndReason:
        end = alert(1, 2, mark=mark, msg_type=MsgType.CANCEL, end_reason=reason)
        assert len(sparse_text(end, lang)) <= SPARSE_MAX
    said = sparse_text(alert(1, mark=mark, tier=Tier.WATCH, action="be_aware"), lang)
    assert len(said) <= SPARSE_MAX
    assert "700" not in said
    assert "Agent" not in said


# ---- when things break ---------------------------------------------------------------------------


def test_a_channel_that_hangs_delays_no_other(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "t1"))
    name = secret(tmp_path, "hook", "x" * 32)

    async def go() -> float:
        bad, good = await Http().start(), await Http().start()
        bad.hang = True
        channels = {
            "bad": entry(HOOK, url=bad.url, secret=name),
            "n": entry(NTFY, url=good.url),
        }
        async with courier(tmp_path, channels) as (side, _):
            await until(lambda: side.contacts.get("p1"))
            for k in range(20):
                side.give(alert(None, 1 + k), HOOK)
            await asyncio.sleep(0.3)  # now it hangs in the middle of its work
            t = time.monotonic()
            [sent] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(sent))
            assert side.fate("aNone.20.webhook") is None
            return time.monotonic() - t

    assert asyncio.run(go()) < 5.0  # its timeout is 10 s; on a quiet machine it is 0.01 s


def test_one_that_fails_is_tried_again_and_told_when_it_is_over(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "t1"), ("p2", NTFY, "t2"))

    async def go() -> None:
        http = await Http().start()
        answers = iter([503, 503, 200, 503, 503, 503])
        http.answer = lambda: next(answers)
        entries = {"n": entry(NTFY, url=http.url, attempts=3, backoff_s=(0.05,))}
        async with courier(tmp_path, entries) as (side, _):
            await until(lambda: len(side.contacts) == 2)
            [first] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(first))
            assert side.fate(first) == "ok"
            [second] = side.give(alert(2), NTFY)
            await until(lambda: side.fate(second))
            assert side.fate(second) == "3 attempts: it answers 503"

    asyncio.run(go())


def test_who_has_no_address_is_told_at_once_and_contacts_are_told_as_they_change(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        http = await Http().start()
        async with courier(tmp_path, {"n": entry(NTFY, url=http.url)}) as (side, _):
            [sent] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(sent))
            assert side.fate(sent) == "no address"
            contacts(tmp_path, ("p1", NTFY, "t1"), ("nobody", NTFY, "t2"))
            await until(lambda: side.contacts.get("p1") == {NTFY})
            assert not any(isinstance(b, ContactSet) and b.person_id == "nobody" for b in side.said)

    asyncio.run(go())


def test_a_secret_that_is_missing_breaks_its_channel_only(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "t1"))

    async def go() -> None:
        http = await Http().start()
        channels = {
            "desk": entry(HOOK, url=http.url, secret="file:gone", attempts=1),
            "n": entry(NTFY, url=http.url),
        }
        async with courier(tmp_path, channels) as (side, _):
            await until(lambda: side.contacts.get("p1"))
            [a] = side.give(alert(None), HOOK)
            [b] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(a) and side.fate(b))
            assert "cannot be read" in str(side.fate(a))
            assert side.fate(b) == "ok"

    asyncio.run(go())


def test_killed_at_any_instant_it_loses_nothing(tmp_path: Path) -> None:
    """Kills at random instants under load: everything arrives at least once, the newest
    revision of each last, ends included; nothing arrives after its end."""
    kills = int(os.environ.get("VIGIA_KILLS", "8"))
    again = kill_often(tmp_path, kills=kills, seed=kills)
    print(f"{kills} kills: nothing lost, {again} sent twice")


def kill_often(folder: Path, *, kills: int, seed: int) -> int:
    """How many arrived twice."""
    rng = random.Random(seed)
    people = 12
    contacts(folder, *((f"p{n}", NTFY, f"t{n}") for n in range(people)))

    async def go() -> int:
        http = await Http().start()
        http.answer = lambda: 200 if rng.random() < 0.8 else 503
        entries = {"n": entry(NTFY, url=http.url, attempts=50, backoff_s=(0.02,), batch=4)}
        async with courier(folder, entries, people) as (side, process):
            await until(lambda: len(side.contacts) == people)
            last: dict[int, int] = {}
            ended: set[int] = set()
            for round_ in range(kills):
                for _ in range(30):
                    n = rng.randrange(people)
                    if n in ended:
                        continue
                    last[n] = last.get(n, 0) + 1
                    tier = rng.choice((Tier.WARNING, Tier.DANGER))
                    if round_ > kills // 2 and rng.random() < 0.1:
                        ended.add(n)
                        end = {"msg_type": MsgType.CANCEL, "end_reason": EndReason.DEPARTED}
                        side.give(alert(n, last[n], **end), NTFY)
                    else:
                        side.give(alert(n, last[n], tier=tier), NTFY)
                    await asyncio.sleep(rng.uniform(0.0, 0.006))
                process.kill()
                process.start()
                known = side.connects
                await until(lambda k=known: side.connects > k)
                await asyncio.sleep(rng.uniform(0.0, 0.2))
            await until(lambda: not side.waiting, 120.0)
            await asyncio.sleep(0.3)
        return judge(side, http, last, ended)

    def judge(side: WatchSide, http: Http, last: dict[int, int], ended: set[int]) -> int:
        got: dict[str, list[tuple[str, int]]] = {}
        for _, _, body in http.got:
            said = json.loads(body)
            got.setdefault(said["topic"], []).append((said["title"], said["priority"]))
        for n, revision in last.items():
            fate = side.fate(f"a{n}.{revision}.ntfy")
            arrived = got.get(f"t{n}", [])
            if n not in ended:
                assert fate == "ok", (n, revision, fate)
                assert arrived
            elif arrived:
                assert fate == "ok", (n, revision, fate)
                assert arrived[-1][1] == 3, f"{n}: rang after its end"
            else:
                assert fate == "the alert never went there"
        return len(http.got) - len({d for d in side.handed if side.fate(d) == "ok"})

    return asyncio.run(go())


def test_receipts_are_told_again_after_a_crash_of_the_watch(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "t1"))

    async def go() -> None:
        http = await Http().start()
        async with courier(tmp_path, {"n": entry(NTFY, url=http.url)}) as (side, process):
            await until(lambda: side.contacts.get("p1"))
            a = alert(1)
            [sent] = side.give(a, NTFY)
            await until(lambda: side.fate(sent))
            await asyncio.sleep(0.3)
            side.handed.clear()  # the watch never heard it
            side.waiting[sent] = (a, delivery(a, NTFY))
            process.kill()
            process.start()
            await until(lambda: side.fate(sent))
            assert side.fate(sent) == "ok"
        assert len(http.got) == 1

    asyncio.run(go())


def test_the_outbox_holds_no_alert_once_it_is_sent(tmp_path: Path) -> None:
    contacts(tmp_path, ("p1", NTFY, "t1"))

    async def go() -> None:
        http = await Http().start()
        async with courier(tmp_path, {"n": entry(NTFY, url=http.url)}) as (side, _):
            await until(lambda: side.contacts.get("p1"))
            [sent] = side.give(alert(1), NTFY)
            await until(lambda: side.fate(sent))
            await asyncio.sleep(0.5)

    asyncio.run(go())
    import sqlite3

    rows = sqlite3.connect(tmp_path / "outbox.sqlite").execute("SELECT fate, alert FROM jobs")
    assert rows.fetchall() == [("sent", None)]
