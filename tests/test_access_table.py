"""Every door x every role x another agency, from one table; a row without an expectation fails."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from gateway_world import NOW_NS, POST, Phone, World, alert, run, until, world
from vigia.alert_terms import Via, Watched
from vigia.events import CoverTold, Post, Reached, Sighting, TracksPublished
from vigia.events_access import PersonalRead
from vigia.events_words import WordKind, WordReceived
from vigia.run.link import PersonSpot, Picture, Submit
from vigia.run.page_json import FromPage
from vigia.run.roles import MESSAGES, ROUTES, SOCKET, Open
from vigia.run.service_keys import ServiceKeys
from vigia.run.settings_access import Access, AgencyEntry, Share
from vigia.terms import AckKind, Position, Role
from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION

LETTERS = {
    "V": Role.VIEWER,
    "O": Role.OFFICER,
    "W": Role.WATCH_OFFICER,
    "N": Role.ANALYST,
    "R": Role.RELEASER,
    "X": Role.ADMIN,
}
ALL = "VOWNRX"
REASON = {"reason": "a test"}


class Row(NamedTuple):
    """roles: who gets in. body: a valid one. foreign: path parameters that name what is another
    agency's, and the status its owner's neighbour gets for it (None: nothing in it is anybody's).
    """

    roles: str
    body: dict[str, object] | None = None
    foreign: tuple[dict[str, str], int] | None = None


# Written by hand from docs/who.md: the server's table must say the same.
EXPECTED: dict[str, Row] = {
    "GET /api/v1/me": Row(ALL),
    "GET /api/v1/status": Row(ALL),
    "GET /api/v1/maps": Row(ALL),
    "GET /maps/{name}/{z}/{x}/{y}": Row(ALL),
    "GET /api/v1/account": Row("VWNRX"),
    "POST /api/v1/account/password": Row("VWNRX"),
    "POST /api/v1/account/passkeys/begin": Row("VWNRX"),
    "POST /api/v1/account/passkeys": Row("VWNRX"),
    "POST /api/v1/account/passkeys/{passkey_id}/remove": Row("VWNRX"),
    "GET /api/v1/sessions": Row(ALL),
    "POST /api/v1/sessions/{login_id}/end": Row(ALL, REASON, ({"login_id": "LOGIN"}, 403)),
    "POST /api/v1/people/{person_id}/end-sessions": Row(
        ALL, REASON, ({"person_id": "beatriz"}, 403)
    ),
    "POST /api/v1/sign-out": Row(ALL),
    "GET /api/v1/keys": Row("X"),
    "POST /api/v1/keys": Row("X", {"name": "k", "agency_id": "bravo"}, ({}, 403)),
    "POST /api/v1/keys/{key_id}/revoke": Row("X", REASON, ({"key_id": "KEY"}, 404)),
    "POST /api/v1/sensors/{sensor_id}/heartbeat": Row(""),
    "POST /api/v1/operators": Row("WNRX", REASON),
    "POST /api/v1/sightings": Row("OWNRX", {"report_id": "r1", "t_ms": 1}),
    "GET /api/v1/sightings": Row("WNRX"),
    "GET /api/v1/alerts": Row("WNRX"),
    "GET /api/v1/replay/timeline": Row("WNRX"),
    "POST /api/v1/replay": Row("WNRX", {"from_ms": 1, "span_s": 60}),
    "POST /api/v1/invitations": Row("WX", {"name": "New", "agency_id": "bravo"}, ({}, 403)),
    "POST /api/v1/acknowledgements": Row(
        ALL, {"alert_id": "a-b", "revision": 1, "kind": "seen", "t_ms": 1}, ({}, 404)
    ),
    "GET /api/v1/push/key": Row(ALL),
    "POST /api/v1/push/subscription": Row(ALL),
    "POST /api/v1/push/unsubscribe": Row(ALL),
    "POST /api/v1/push/heartbeat": Row(ALL),
    "GET /cap/feed.atom": Row(ALL),
    "GET /cap/{name}": Row(ALL),
    "POST /api/v1/cap": Row("WX"),
    "GET /api/v1/cap": Row("WNRX"),
    "POST /api/v1/all-clear": Row("WX", REASON),
    "POST /api/v1/all-clear/reverse": Row("WX", REASON),
    "POST /api/v1/raise": Row("WX", REASON | {"tier": 2}),
    "POST /api/v1/tracks/{track_id}/not-a-drone": Row("WX", REASON, ({"track_id": "tb"}, 403)),
    "POST /api/v1/tracks/{track_id}/friendly": Row("WX", REASON, ({"track_id": "tb"}, 403)),
    "POST /api/v1/tracks/{track_id}/identity": Row(
        "WX", REASON | {"identity": "hostile"}, ({"track_id": "tb"}, 403)
    ),
    "POST /api/v1/attacks/{report_id}/confirm": Row("WX", REASON),
    "POST /api/v1/orders/{order_id}/undo": Row("WX", REASON),
    "POST /api/v1/alerts/{alert_id}/told": Row(
        "WX", {"person_id": "beatriz", "revision": 1}, ({"alert_id": "a-b"}, 404)
    ),
    "POST /api/v1/drills": Row("WX", REASON),
    "POST /api/v1/flights": Row("WX", REASON),
    "GET /api/v1/flights": Row("WNRX"),
    "GET /api/v1/reach": Row("WX"),
    "GET /api/v1/drills": Row("WNRX"),
    "GET /api/v1/contacts": Row("X"),
    "POST /api/v1/contacts": Row(
        "X", {"person_id": "beatriz", "channel": "sms", "addresses": ["+1"]}, ({}, 404)
    ),
    "POST /api/v1/tak/packages": Row("X", {"name": "New", "agency_id": "bravo"}, ({}, 403)),
    "GET /api/v1/words": Row("WX"),
    "POST /api/v1/words": Row("WX", {"text": "drone over post 12"}),
    "POST /api/v1/words/{word_id}/settle": Row("WX", REASON, ({"word_id": "w-b"}, 404)),
    "GET /api/v1/ledger/checkpoint": Row("NX"),
    "GET /api/v1/ledger/entries": Row("NX", None, ({}, 403)),
    "GET /api/v1/ledger/witnesses": Row("WNRX"),
    "GET /api/v1/records/{kind}": Row("WNRX"),
    "GET /api/v1/records/{kind}/{record_id}": Row("WNRX"),
    "POST /api/v1/records/{kind}/{record_id}": Row("WNRX"),
    "POST /api/v1/incidents/import": Row("NX", {"text": "begins\n2024-01-01\n"}),
    "POST /api/v1/incidents/count": Row("WNRX", {}),
    "POST /api/v1/incidents/figures": Row("WNRX", {}),
    "POST /api/v1/incidents/report": Row("WNRX", {}),
    "POST /api/v1/incidents/from-episode/{incident_id}": Row("WNRX"),
    "GET /api/v1/incidents/alike": Row("WNRX"),
    "GET /api/v1/incidents/export": Row("NX"),
    "GET /api/v1/claims/{record_id}/confront": Row("WNRX"),
    "GET /api/v1/bulletins": Row(ALL),
    "POST /api/v1/bulletins/{record_id}/read": Row(ALL, {"edition": 1, "t_ms": 1}),
    "GET /api/v1/bulletins/{record_id}/print": Row(ALL),
    "GET /api/v1/desk/bulletins": Row("WNRX"),
    "GET /api/v1/desk/bulletins/template": Row("WNRX"),
    "POST /api/v1/desk/bulletins/{record_id}": Row("WNRX"),
    "POST /api/v1/desk/bulletins/{record_id}/release": Row("RX", {"version": 1}),
    "POST /api/v1/desk/bulletins/{record_id}/recall": Row("RX", {"version": 1}),
    "POST /api/v1/desk/bulletins/{record_id}/remind": Row("WNRX"),
    "POST /api/v1/casualties/{record_id}": Row("OWNRX", {"word_id": "w1", "t_ms": 1}),
    "GET /api/v1/casualties": Row(ALL),
    "GET /api/v1/first-aid": Row(ALL),
    "POST /api/v1/first-aid/check": Row("OWNRX", {"t_ms": 1}),
    "POST /api/v1/first-aid/kits/{record_id}": Row("WX", {"version": 1, "kit": {"name": "k"}}),
    "GET /api/v1/first-aid/ready": Row("WNRX"),
    "POST /api/v1/first-aid/approve": Row(
        "X", {"text_sha256": "0" * 64, "by": "Dr. Lima", "on": "2026-01-01"}
    ),
    "GET /api/v1/handover": Row("WX"),
    "GET /api/v1/handover/draft": Row("WX"),
    "POST /api/v1/handover": Row("WX", {"draft_id": "none"}),
    "POST /api/v1/handover/{record_id}/take": Row("WX", {}, ({"record_id": "none"}, 404)),
    "GET /api/v1/plan": Row("WNRX"),
    "GET /api/v1/devices": Row("X"),
    "POST /api/v1/devices/{device_id}/revoke": Row("X", REASON, ({"device_id": "BRAVO"}, 404)),
}
SAY: dict[str, str] = dict.fromkeys(("holds", "ack", "on_watch", "position", "ping"), ALL) | {
    "looks": "VWNRX"
}

# What agency alpha must never be told: names, places and words of agency bravo.
SECRETS = (
    "BEATRIZ",
    "bravo-post",
    "Bravo post",
    "bravo-report",
    "bravo words",
    "32.5",
    "tb",
    "a-b",
)
TWO = Access(
    agencies={
        "alpha": AgencyEntry(name="Alpha", posts=("12",)),
        "bravo": AgencyEntry(name="Bravo", posts=("bravo-post",)),
    }
)
POSTS = (
    Post(post_id="12", name="Post 12", position=POST.position, agency_id="alpha"),
    Post(
        post_id="bravo-post",
        name="Bravo post",
        position=Position(32.5, -106.75),
        agency_id="bravo",
    ),
)


def test_every_door_and_every_message_has_an_expectation() -> None:
    assert {f"{r.method} {r.path}" for r in ROUTES if not isinstance(r.need, Open)} == set(EXPECTED)
    assert set(MESSAGES) == set(SAY)
    kinds = {t.__struct_config__.tag for t in FromPage.__args__}  # type: ignore[attr-defined]
    assert kinds == set(SAY)
    assert SOCKET.need == frozenset(LETTERS.values())
    for name, roles in MESSAGES.items():
        assert roles == {LETTERS[x] for x in SAY[name]}, name


def test_every_door_lets_in_exactly_its_roles(tmp_path: Path) -> None:
    """All rows with all roles, nobody, and a forged cookie."""

    async def go() -> None:
        async with world(tmp_path) as w:
            people = [r for r in Role if r is not Role.SENSOR]
            phones = {role: await w.enrolled(role, f"p-{role.value}") for role in people}
            stranger = w.phone()
            stranger.http.cookies.set("vigia_session", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            for route in ROUTES:
                row = EXPECTED.get(f"{route.method} {route.path}")
                for role, phone in [*phones.items(), (None, stranger)]:
                    if route.handler == "sign_out":
                        continue  # it would end what the next rows need; test_sign_in.py has it
                    body = {} if route.method == "POST" else None
                    path = re.sub(r"\{\w+\*?\}", OWN.get(route.handler, "0"), route.path)
                    if role is not None:
                        path = path.replace("SELF", f"p-{role.value}")
                    answer = await phone.http.request(route.method, path, json=body)
                    let_in = answer.status_code not in (401, 403)
                    if row is None:
                        assert let_in or route.handler in TRIED | KEYED, route
                        continue
                    may = role is not None and role in {LETTERS[x] for x in row.roles}
                    assert let_in == may, (route, role, answer)
                    if not let_in:
                        error = answer.json()["error"]
                        assert {"what", "got", "expected", "fix"} == set(error)

    run(go)


# Public doors where what is sent proves who it is, and nothing does not.
TRIED = {"oidc_back"}
OWN = {"end_person": "SELF"}  # path parameters that name oneself
KEYED = {"observe", "observe_stream"}  # a sensor's own key: tests/test_observations_api.py


async def bravo_happens(w: World) -> None:
    """Everything that can be seen of an agency, happens to bravo."""
    where = Position(32.5, -106.75)
    w.watch.emit(
        Sighting(
            report_id="bravo-report",
            t_obs_ns=NOW_NS,
            person_id="beatriz",
            position=where,
            text="bravo words",
        )
    )
    w.watch.emit(
        WordReceived(
            word_id="w-b", t_obs_ns=NOW_NS, via=Via.TEXT, kind=WordKind.TEXT, text="bravo words",
            person_id="beatriz", why="none",
        )
    )  # fmt: skip
    w.watch.warn(alert("beatriz", alert_id="a-b", track_ids=("tb",)))
    w.watch.warn(alert(None, alert_id="a-b2", target_id="post/bravo-post", track_ids=("tb",)))
    w.watch.emit(Reached(alert_id="a-b", person_id="beatriz", kind=AckKind.SAFE, t_obs_ns=NOW_NS))
    w.watch.emit(
        CoverTold(
            target_id="post/bravo-post", person_id=None, watched=Watched.LOST, t_since_ns=NOW_NS
        )
    )
    tracks, spots = picture()
    w.watch.emit(tracks)
    w.watch.link.send(spots)
    await until(lambda: "a-b2" in w.gateway.view.alerts and bool(w.gateway.view.spots))


def picture() -> tuple[TracksPublished, Picture]:
    """A drone near each agency's post, and where each agency's officer stands."""
    rows = np.zeros(2, dtype=PUBLISHED_DTYPE)
    rows["track_id"], rows["number"], rows["status"] = [b"tb", b"ta"], [77, 78], 2
    rows["fix"], rows["lat_deg"], rows["lon_deg"] = 1, [32.5, 31.79], -106.75
    spots = (
        PersonSpot("beatriz", Position(32.5, -106.75), NOW_NS),
        PersonSpot("alpha-w", Position(31.79, -106.75), NOW_NS),
    )
    told = TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes())
    return told, Picture(t_ns=NOW_NS, arrivals=(), people=spots)


async def everything(phone: Phone, w: World, own: str = "ta") -> str:
    """All that a page of his hears, from its first message on."""
    console = phone.person["role"] != "officer"
    heard: list[str] = []
    async with phone.page() as page, asyncio.timeout(10):
        while not heard or '"t":"hello"' not in heard[-1]:
            heard.append(str(await page.ws.recv()))
        await bravo_happens(w)
        await page.say(t="ping", n=77)
        while '"t":"pong"' not in heard[-1] or (console and f'"{own}"' not in "".join(heard)):
            heard.append(str(await page.ws.recv()))
            if "pong" not in heard[-1] and f'"{own}"' in heard[-1]:
                await page.say(t="ping", n=78)
    return "\n".join(heard)


def secrets_in(text: str, letting: tuple[str, ...] = ()) -> list[str]:
    return [s for s in SECRETS if s in text and s not in letting]


def test_no_frame_and_no_answer_tells_another_agency_anything(tmp_path: Path) -> None:
    """All roles of alpha: all they hear on their pages and read by HTTP, nothing is bravo's."""

    async def go() -> None:
        async with world(tmp_path, access=TWO, posts=POSTS) as w:
            beatriz = await w.enrolled(Role.WATCH_OFFICER, "beatriz", "bravo")
            for letter, role in LETTERS.items():
                phone = await w.enrolled(role, f"alpha-{letter.lower()}", "alpha")
                text = await everything(phone, w)
                assert secrets_in(text) == [], (role, text)
                for key, row in EXPECTED.items():
                    method, path = key.split()
                    if letter in row.roles and method == "GET":
                        answer = await phone.http.get(path)
                        assert secrets_in(answer.text) == [], (role, key)
                        if row.foreign is not None:
                            assert answer.status_code == row.foreign[1], (role, key)
            own = await everything(beatriz, w, "tb")
            assert set(SECRETS) - {"32.5"} == set(secrets_in(own)) - {"32.5"}

    run(go)


def acts(w: World) -> int:
    """Inputs that came by somebody's device. That he looked is no act; what the gateway itself
    tells (keys made, faults) comes when it comes."""
    return sum(
        isinstance(message, Submit)
        and message.source.startswith("device/")
        and not isinstance(message.body, PersonalRead)
        for message in w.watch.got
    )


def test_no_act_reaches_into_another_agency(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path, access=TWO, posts=POSTS) as w:
            beatriz = await w.enrolled(Role.WATCH_OFFICER, "beatriz", "bravo")
            await bravo_happens(w)
            make = ServiceKeys(tmp_path).make
            made = make("k", sensors=(), agency_id="bravo", days=1, now_s=0)
            assert made is not None
            for letter, role in LETTERS.items():
                phone = await w.enrolled(role, f"alpha-{letter.lower()}", "alpha")
                for key, row in EXPECTED.items():
                    method, path = key.split()
                    if letter not in row.roles or method == "GET" or row.foreign is None:
                        continue
                    params, status = row.foreign
                    for name, value in params.items():
                        logins = w.gateway.book.of_person("beatriz", now_s=0)
                        own = {"BRAVO": beatriz.device_id, "LOGIN": logins[0].login_id}
                        own["KEY"] = made[0].key_id
                        named = own.get(value, value)
                        path = path.replace(f"{{{name}}}", named)
                    got = acts(w)
                    answer = await phone.http.post(path, json=row.body)
                    assert answer.status_code == status, (role, key, answer.text)
                    assert acts(w) == got, key
            assert (await beatriz.http.get("/api/v1/me")).status_code == 200

    run(go)


@pytest.mark.parametrize("what", Share)
def test_an_agreement_shows_what_it_names_and_nothing_else(tmp_path: Path, what: Share) -> None:
    shown = {
        Share.PEOPLE: {"bravo-post", "Bravo post", "32.5"},
        Share.TRACKS: {"tb", "32.5"},
        Share.SIGHTINGS: {"bravo-report"},
        Share.INCIDENTS: set[str](),
        Share.ALERTS: {"a-b", "tb"},
    }[what]
    agreed = Access(agencies=TWO.agencies, sharing={"alpha": {"bravo": (what,)}})

    async def go() -> None:
        async with world(tmp_path, access=agreed, posts=POSTS) as w:
            await w.enrolled(Role.OFFICER, "beatriz", "bravo")
            phone = await w.enrolled(Role.WATCH_OFFICER, "alpha-w", "alpha")
            text = await everything(phone, w)
            assert set(secrets_in(text)) == shown, text

    run(go)


def test_the_endangered_person_gets_his_alert_whatever_his_agency(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path, access=TWO, posts=POSTS) as w:
            phones = [
                await w.enrolled(Role.OFFICER, f"p-{agency}", agency)
                for agency in ("alpha", "bravo", "site", "no-such-agency")
            ]
            for phone in phones:
                async with phone.page() as page:
                    await page.hear("hello")
                    w.watch.warn(alert(phone.person["person_id"]))
                    told = (await page.hear("alert"))["alert"]
                    assert told["person_id"] == phone.person["person_id"]
                    assert told["text"]

    run(go)
