"""The push that asks a closed phone whether it is there: who is asked, what an answer proves."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from push_double import Phone, PushDouble
from vigia.run.courier.contacts import Contact, Contacts
from vigia.run.courier.push import PushSender, PushSettings
from vigia.run.courier.push_beats import AGAIN_S, AT_ONCE_MAX, BEAT_AFTER_S, Beats
from vigia.run.push_beat import LATE_S, BeatIn, answers, secret_of
from vigia.terms import Channel

KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = secret_of(KEY)
NOW_S = 1_800_000_000
NS = 1_000_000_000


class Wall:
    def __init__(self) -> None:
        self.s = NOW_S

    def ns(self) -> int:
        return self.s * NS


def phone(n: int, person: str = "p1") -> Contact:
    return Contact(person, Channel.PUSH, f"https://push.example/{n}", f"d{n}")


def test_an_answer_proves_only_its_own_device_and_only_for_hours() -> None:
    wall = Wall()
    ((_, plain),) = Beats(SECRET, wall.ns).due([phone(1)], {})
    said = json.loads(plain)
    beat = BeatIn(t_s=said["t_s"], mac=said["mac"])
    assert answers(SECRET, "d1", beat, NOW_S + LATE_S)
    assert not answers(SECRET, "d1", beat, NOW_S + LATE_S + 1)
    assert not answers(SECRET, "d1", beat, NOW_S - 3_600), "from a time to come"
    assert not answers(SECRET, "d2", beat, NOW_S)
    assert not answers(SECRET, "d1", BeatIn(t_s=beat.t_s + 1, mac=beat.mac), NOW_S)
    other = secret_of(ec.generate_private_key(ec.SECP256R1()))
    assert not answers(other, "d1", beat, NOW_S)


def test_who_proved_himself_today_is_left_alone_and_who_is_silent_is_asked_again() -> None:
    wall = Wall()
    beats = Beats(SECRET, wall.ns)
    fresh = {("p1", Channel.PUSH): (NOW_S - BEAT_AFTER_S + 60) * NS}
    assert beats.due([phone(1)], fresh) == []
    old = {("p1", Channel.PUSH): (NOW_S - BEAT_AFTER_S) * NS}
    assert [c.device_id for c, _ in beats.due([phone(1)], old)] == ["d1"]
    assert beats.due([phone(1)], old) == [], "asked a moment ago"
    wall.s += AGAIN_S
    assert len(beats.due([phone(1)], old)) == 1
    nobody = Contact("p1", Channel.PUSH, "https://push.example/x", "")
    assert beats.due([nobody], {}) == [], "no device could answer it"


def test_a_crowd_is_asked_by_and_by() -> None:
    beats = Beats(SECRET, Wall().ns)
    crowd = [phone(n, f"p{n}") for n in range(3 * AT_ONCE_MAX)]
    asked = [c.device_id for _ in range(4) for c, _ in beats.due(crowd, {})]
    assert len(asked) == len(set(asked)) == 3 * AT_ONCE_MAX


def test_a_phone_is_asked_sealed_and_one_that_has_gone_is_forgotten(tmp_path: Path) -> None:
    async def work() -> None:
        async with PushDouble() as service:
            here, gone = Phone(service), Phone(service)
            gone.statuses = [410]
            book = Contacts(tmp_path)
            book.put(
                [
                    Contact("p1", Channel.PUSH, here.address, "d1"),
                    Contact("p2", Channel.PUSH, gone.address, "d2"),
                ],
                time.time_ns(),
            )
            settings = PushSettings(contact="mailto:x@y.example", services=(service.base,))
            sender = PushSender(settings, KEY, contacts=Contacts(tmp_path))
            try:
                for _ in range(1_000):
                    if here.got and not book.of("p2", Channel.PUSH):
                        break
                    await asyncio.sleep(0.02)
                assert here.got[0]["t"] == "beat"
                assert here.sizes, "as long as an alert: nobody sees the difference"
                assert not book.of("p2", Channel.PUSH)
                assert book.of("p1", Channel.PUSH)
            finally:
                await sender.close()
                book.close()
            assert service.bad == []

    asyncio.run(work())
