"""Bulletins by e-mail, TAK and CAP: whom they reach, what comes back, whom a recall finds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytak
import pytest
from aiosmtpd.controller import Controller
from msgspec.structs import replace
from tools.live import Live, Person, free_port, live, wait_for

from courier_world import Http, secret
from tak_world import pytak_client
from test_bulletins import draft, released
from test_tak_live import LAT, LON, answer_to, chats, pli
from vigia.events import CoreSettings, PersonAdded, Post
from vigia.records.bulletin import Both, Bulletin, BulletinStatus, Recipients, Tlp, unready
from vigia.records.bulletin_letter import chat, mail
from vigia.records.bulletin_text import CHAT_MAX
from vigia.records.posted import Posted, What
from vigia.records.posting import Desk, Letter, due, due_outside
from vigia.run.catalogue import words_of
from vigia.run.courier.contacts import Contact, Contacts
from vigia.terms import Channel, Lang, Mark, Position, Role
from vigia.wire.cap import CapMessage, parse

pytestmark = [  # pytak's
    pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
T_NS = 1_796_000_000 * 10**9  # while the bulletin of released() is in force
SITE = CoreSettings(
    mode=Mark.ACTUAL,
    origin=Position(LAT, LON),
    posts=tuple(
        Post(post_id=p, name=f"Post {p}", position=Position(LAT, LON)) for p in ("12", "13")
    ),
)


def somebody(person_id: str, post_id: str) -> PersonAdded:
    return PersonAdded(
        person_id=person_id, name=person_id, agency_id="ag", role=Role.OFFICER, lang=Lang.EN,
        post_id=post_id,
    )  # fmt: skip


PEOPLE = [somebody("ana", "12"), somebody("ben", "13")]


def to(b: Bulletin, *posts: str, outside: bool = False) -> Bulletin:
    return replace(b, recipients=Recipients(posts=posts, outside=outside))


def handed(letters: list[Letter], channel: str, t_ms: int = 1, failed: str = "") -> list[Posted]:
    return [
        Posted(bulletin_id=x.bulletin_id, edition=x.bulletin.edition, what=x.what, channel=channel,
               person_id=x.person_id, t_ms=t_ms, salt="s", failed=failed)
        for x in letters
    ]  # fmt: skip


def told(past: list[Bulletin], posted: list[Posted], channel: str = "email") -> list[Any]:
    found = due(Desk({"b": past}, posted), PEOPLE, SITE, channel=channel, t_ns=T_NS)
    return [(x.what, x.bulletin.edition, x.person_id) for x in found]


def test_a_correction_and_a_recall_reach_exactly_those_who_got_it() -> None:
    one = to(released(), "12")
    first = due(Desk({"b": [one]}, []), PEOPLE, SITE, channel="email", t_ns=T_NS)
    assert [x.person_id for x in first] == ["ana"]
    posted = handed(first, "email")
    assert told([one], posted) == [], "once"
    assert told([one], [], "cot") == [(What.RELEASED, 1, "ana")], "each channel for itself"
    two = replace(to(one, "13"), edition=2)
    assert told([one, two], posted) == [
        (What.RELEASED, 2, "ben"),
        (What.SUPERSEDED, 2, "ana"),
    ]
    recalled = replace(one, status=BulletinStatus.RECALLED, reason=Both("x", "y"))
    assert told([one, recalled], posted) == [(What.RECALLED, 1, "ana")]
    assert told([one, recalled], []) == [], "nobody got it: nobody is bothered"
    failed = handed(first, "email", failed="5 attempts")
    assert told([one, recalled], failed) == [], "it never arrived"
    assert told([one], failed) == [], "given up"


def test_what_is_not_in_force_or_not_released_goes_nowhere() -> None:
    late = due(
        Desk({"b": [released()]}, []), PEOPLE, SITE, channel="email",
        t_ns=T_NS + 60 * 86_400 * 10**9,
    )  # fmt: skip
    assert late == []
    assert told([draft()], []) == []


def test_a_reminder_goes_to_who_has_not_read_it() -> None:
    one = released()
    posted = handed(due(Desk({"b": [one]}, []), PEOPLE, SITE, channel="cot", t_ns=T_NS), "cot", 5)
    desk = Desk({"b": [one]}, posted, frozenset({("b", 1, "ben")}), {"b": (1, 9)})
    found = due(desk, PEOPLE, SITE, channel="cot", t_ns=T_NS)
    assert [(x.what, x.person_id) for x in found] == [(What.REMINDED, "ana")]
    again = desk._replace(posted=[*posted, *handed(found, "cot", 10)])
    assert due(again, PEOPLE, SITE, channel="cot", t_ns=T_NS) == []


def test_outside_goes_only_what_a_releaser_let_out_and_never_what_tlp_forbids() -> None:
    closed, opened = released(), to(released(), outside=True)
    assert due_outside(Desk({"b": [closed]}, []), channel="cap/x", t_ns=T_NS) == []
    out = due_outside(Desk({"b": [opened]}, []), channel="cap/x", t_ns=T_NS)
    assert [x.what for x in out] == [What.RELEASED]
    recalled = replace(opened, status=BulletinStatus.RECALLED)
    desk = Desk({"b": [opened, recalled]}, handed(out, "cap/x"))
    assert [x.what for x in due_outside(desk, channel="cap/x", t_ns=T_NS)] == [What.RECALLED]
    red = replace(opened, tlp=Tlp.RED)
    assert any("outside" in why for why in unready(red))


def test_the_words_fit_the_channel_and_tell_no_more_than_it_may_carry() -> None:
    b, words = released(), words_of(Lang.ES)
    whole = mail(b, What.RELEASED, Lang.ES, words, link="https://x/")
    assert whole.whole
    assert b.title.es in whole.subject
    assert "https://x/" in whole.body
    red = mail(replace(b, tlp=Tlp.RED), What.RELEASED, Lang.ES, words)
    assert not red.whole
    assert b.title.es not in red.subject + red.body
    old = mail(b, What.SUPERSEDED, Lang.ES, words)
    assert b.summary.es not in old.body
    for what in What:
        for lang in Lang:
            said = chat(b, what, lang, words_of(lang))
            assert b.number in said
            assert len(said) <= CHAT_MAX


# ---- with real processes -----------------------------------------------------------------------

SETTINGS = """
mode = "exercise"
[site]
lat_deg = 31.79
lon_deg = -106.75
[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.791
lon_deg = -106.746
[[posts]]
id = "13"
name = "Post 13"
lat_deg = 31.85
lon_deg = -106.70
[tak]
listen_tls = "127.0.0.1:{tls}"
[cap]
sender = "watch@agency.example"
feed = true
[channels.mail]
kind = "email"
secret = "file:mail"
[channels.neighbour]
kind = "cap"
url = "{cap}/in"
"""


class Sink:
    def __init__(self) -> None:
        self.got: list[tuple[str, Message]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content)))
        return "250 OK"


@contextmanager
def smtp(port: int) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def test_a_bulletin_goes_by_mail_tak_and_cap_and_its_recall_finds_who_got_it(
    tmp_path: Path,
) -> None:
    folder, mail_port = tmp_path / "data-exercise", free_port()
    folder.mkdir(mode=0o700)
    url = f"mailto://127.0.0.1:{mail_port}/?from=desk@example.org&to={{address}}&mode=insecure"
    secret(folder, "mail", url)

    async def act() -> None:
        other = await Http().start()
        settings = tmp_path / "site.toml"
        settings.write_text(SETTINGS.format(tls=free_port(), cap=other.url))
        words = ["watch", "-", "--settings", str(settings), "--data", str(tmp_path / "data")]
        try:
            with smtp(mail_port) as sink, live(words, folder, stdin=subprocess.PIPE) as it:
                await _journey(it, tmp_path, sink, other)
        finally:
            other.close()

    asyncio.run(act())


async def _journey(it: Live, tmp_path: Path, sink: Sink, other: Http) -> None:
    writer = Person.enrolled(it, "Watch floor", Role.WATCH_OFFICER)
    boss = Person.enrolled(it, "Bo Lind", Role.RELEASER)
    ben = Person.enrolled(it, "Ben", Role.OFFICER, post_id="13")
    ana = _package(it, tmp_path)
    held = Contacts(it.folder)
    held.put(
        [
            Contact("p-ana", Channel.EMAIL, "ana@example.org"),
            Contact(ben.person["person_id"], Channel.EMAIL, "ben@example.org"),
        ],
        1,
    )
    held.close()
    async with pytak_client(ana.pop("COT_URL"), **ana) as hers:
        await hers.send(pli("ANDROID-A", "Ana", LAT, LON))
        await asyncio.to_thread(_release, writer, boss)
        said = await chats(hers, 60.0)
        assert "EXERCISE" in (said.remarks or "")
        assert "OSA-" in (said.remarks or "")
        for kind in ("b-t-f-d", "b-t-f-r"):
            await hers.send(answer_to(said, kind, "ANDROID-A"))
        row = await asyncio.to_thread(
            wait_for, lambda: (r := _row(writer))["read"] and len(r["read"][0]["by"]) == 2 and r, 60
        )
        assert [p["name"] for p in row["read"]] == ["Ana"]
        ways = {w["channel"]: w for w in row["read"][0]["by"]}
        assert set(ways) == {"cot", "email"}
        assert not any(w["failed"] for w in ways.values())
        assert ways["cot"]["delivered_ms"]
        assert "Ben" not in str(row), "he is not meant"
        await asyncio.to_thread(wait_for, lambda: len(other.got) == 1 and len(sink.got) == 1, 60)
        before = len(sink.got)
        answer = await asyncio.to_thread(writer_recall, boss, row["version"] + 1)
        assert answer.status_code == 200, answer.text
        await hers.wait(lambda e: e.type == "b-t-f" and "RECALLED" in (e.remarks or ""), 60.0)
        await asyncio.to_thread(wait_for, lambda: len(other.got) == 2, 60)
        await asyncio.to_thread(wait_for, lambda: len(sink.got) == before + 1, 60)
    _looked_at(sink, other)
    feed = ben.http.get("/cap/feed.atom")
    assert feed.text.count("<entry>") == 2


def _looked_at(sink: Sink, other: Http) -> None:
    assert {who for who, _ in sink.got} == {"ana@example.org"}
    first, last = (m for _, m in sink.got)
    assert "EXERCISE" in str(first["Subject"])
    [paper] = [p for p in first.walk() if p.get_content_type() == "application/pdf"]
    assert paper.get_payload(decode=True)[:5] == b"%PDF-"  # type: ignore[index]
    assert "RECALLED" in str(last["Subject"])
    one, two = (parse(body) for _, _, body in other.got)
    assert isinstance(one, CapMessage)
    assert isinstance(two, CapMessage)
    assert (one.msg_type, one.status, two.msg_type) == ("Alert", "Exercise", "Cancel")
    assert two.references == (one.reference(),)
    assert {i.language for i in one.infos} == {"en-US", "es-US"}
    assert all(i.responses == ("Monitor",) and i.urgency == "Future" for i in one.infos)


def _package(it: Live, tmp_path: Path) -> dict[str, str]:
    out = tmp_path / "ana.zip"
    made = subprocess.run(
        [sys.executable, "-m", "vigia", "tak", "package", "--name", "Ana", "--post", "12",
         "--person", "p-ana", "--data", str(it.folder), "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return {k: str(v) for k, v in pytak.read_pref_package(str(out)).items()}


def _release(writer: Person, boss: Person) -> None:
    path = "/api/v1/desk/bulletins/b1"
    made = writer.http.get("/api/v1/desk/bulletins/template").json()["bulletin"]
    made |= {"status": "review", "tlp": "TLP:GREEN"}
    made["recipients"] = {"posts": ["12"], "outside": True}
    answer = writer.http.post(path, json={"version": 1, "bulletin": made})
    assert answer.status_code == 200, answer.text
    answer = boss.http.post(f"{path}/release", json={"version": 2})
    assert answer.status_code == 200, answer.text


def writer_recall(boss: Person, version: int) -> Any:
    reason = {"en": "the source was wrong", "es": "la fuente era errónea"}
    path = "/api/v1/desk/bulletins/b1/recall"
    return boss.http.post(path, json={"version": version, "reason": reason})


def _row(person: Person) -> dict[str, Any]:
    [row] = person.http.get("/api/v1/desk/bulletins").json()["bulletins"]
    return row
