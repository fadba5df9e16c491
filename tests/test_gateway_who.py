"""Enrolment, sessions, the table of roles, headers, bad input, reports through HTTP."""

from __future__ import annotations

import asyncio
import random
import re
import time
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway_world import run, until, world
from vigia.events import AgencyAdded, AllClear, DeviceEnrolled, Fault, PersonAdded, Sighting
from vigia.run.http_api import PRIVATE, PUBLIC
from vigia.run.http_app import STREAM
from vigia.run.http_pages import PageFiles
from vigia.run.invitations import Invitations, Invited, invite
from vigia.run.page_json import FromPage
from vigia.run.roles import MESSAGES, ROUTES, Open, allows, may_invite
from vigia.run.sessions import SESSION_S, Sessions, open_sessions
from vigia.run.settings import SettingsError
from vigia.terms import Role

REPORT = {"report_id": "r1", "t_ms": 1, "sense": "heard"}


def test_a_link_enrols_a_device_once_and_its_key_opens_sessions(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            invitation = invite(tmp_path, name="Agent 4471", post_id="12", agency_id="bp")
            phone, thief = w.phone(), w.phone()
            answer = await phone.enrol(invitation.token)
            assert answer.status_code == 200
            assert answer.json()["person"]["name"] == "Agent 4471"
            agency, person, device = (m.body for m in w.watch.got[:3])
            assert isinstance(agency, AgencyAdded)
            assert isinstance(person, PersonAdded)
            assert isinstance(device, DeviceEnrolled)
            assert (person.role, person.post_id) == (Role.AGENT, "12")
            assert device.person_id == person.person_id
            again = await phone.enrol(invitation.token)  # the answer was lost on the way
            assert again.json() == answer.json()
            refused = await thief.enrol(invitation.token)
            assert refused.status_code == 403
            assert "used already" in refused.json()["error"]["what"]
            assert (await phone.http.get("/api/v1/me")).status_code == 401
            opened = await phone.open_session()
            cookie = opened.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            me = (await phone.http.get("/api/v1/me")).json()
            assert me["person"]["person_id"] == person.person_id
            assert me["device_id"] == phone.device_id

    run(go)


def test_a_revoked_device_cannot_come_back_by_its_old_link(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            admin, phone = await w.enrolled(Role.ADMIN, "root"), w.phone()
            invitation = invite(tmp_path, name="A")
            assert (await phone.enrol(invitation.token)).status_code == 200
            path = f"/api/v1/devices/{phone.device_id}/revoke"
            assert (await admin.http.post(path, json={"reason": "lost"})).status_code == 200
            async with asyncio.timeout(5):
                while (await phone.enrol(invitation.token)).status_code == 200:
                    await asyncio.sleep(0.01)
                    await admin.http.post(path, json={"reason": "lost"})
            assert (await phone.enrol(invitation.token)).status_code == 403

    run(go)


def test_guessing_links_is_throttled_and_touches_nobody_else(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            thief = w.phone()
            codes = [(await thief.enrol(f"guess-number-{n}")).status_code for n in range(32)]
            assert codes == [403] * 30 + [429] * 2
            assert (await phone.http.post("/api/v1/sightings", json=REPORT)).status_code == 200
            assert (await phone.open_session()).status_code == 200

    run(go)


def test_an_enrolment_is_answered_only_after_the_commit(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            invitation = invite(tmp_path, name="A")
            w.watch.commits = False
            phone = w.phone()
            waiting = asyncio.create_task(phone.enrol(invitation.token))
            await until(lambda: len(w.watch.got) == 1)
            assert not waiting.done()
            w.watch.commits = True
            w.watch._got(w.watch.got[0])
            assert (await waiting).status_code == 200

    run(go)


def test_a_challenge_is_good_once_for_its_device_and_its_signature(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, other = await w.enrolled(), await w.enrolled(person_id="p2")
            challenge = await phone.challenge()
            assert (await other.open_session(challenge)).status_code == 401
            assert (await phone.open_session(challenge)).status_code == 200
            assert "used" in (await phone.open_session(challenge)).json()["error"]["what"]
            phone.key = ec.generate_private_key(ec.SECP256R1())
            assert (await phone.open_session()).status_code == 401
            phone.device_id = "dev-unknown"
            assert (await phone.open_session()).status_code == 401

    run(go)


def test_sessions_outlive_the_gateway_and_end_by_themselves(tmp_path: Path) -> None:
    sessions = open_sessions(tmp_path)
    assert (tmp_path / "session.key").stat().st_mode & 0o077 == 0
    cookie, issued = sessions.issue("d1", now_ms=1_000_000)
    t_end_s = issued.t_end_s
    after_restart = open_sessions(tmp_path)
    found = after_restart.session(cookie, now_s=t_end_s - 1)
    assert found is not None
    assert found.device_id == "d1"
    assert after_restart.session(cookie, now_s=1_000 + SESSION_S) is None
    assert Sessions(b"k" * 32).session(cookie, now_s=1_001) is None
    for n in range(len(cookie)):
        changed = cookie[:n] + ("A" if cookie[n] != "A" else "B") + cookie[n + 1 :]
        assert sessions.session(changed, now_s=1_001) is None or n == len(cookie) - 1
    challenge = sessions.challenge("d1", now_s=1_000)
    assert "older" in (sessions.take_challenge(challenge, "d1", now_s=1_061) or "")
    assert sessions.take_challenge("rubbish", "d1", now_s=1_000) is not None
    used = sessions.challenge("d1", now_s=1_000)
    assert sessions.take_challenge(used, "d1", now_s=1_001) is None
    assert "ours" in (after_restart.take_challenge(used, "d1", now_s=1_002) or "")
    (tmp_path / "session.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match=r"delete it"):
        open_sessions(tmp_path)


def test_an_invitation_expires_and_its_token_is_not_stored(tmp_path: Path) -> None:
    invited = Invited(person_id="p", name="P", agency_id="a", role=Role.AGENT)
    invitations = Invitations(tmp_path)
    made = invitations.make(invited, minutes=15, now_s=1_000)
    assert invitations.use(made.token, b"key", now_s=1_000 + 901) == "expired"
    assert invitations.use("no such token", b"key", now_s=1_000) == "not known here"
    assert invitations.use(made.token, b"key", now_s=1_900) == invited
    assert invitations.use(made.token, b"other", now_s=1_900) == "used already"
    for path in tmp_path.iterdir():
        assert made.token.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert made.link("https://x") == f"https://x/enrol#{made.token}"
    for name, minutes in (("", 15), ("A", 0), ("A" * 81, 15)):
        with pytest.raises(SettingsError):
            invite(tmp_path, name=name, minutes=minutes)


# ---- who may -----------------------------------------------------------------------------------


def test_every_row_of_the_table_has_a_handler_and_every_handler_a_row() -> None:
    public = {r.handler for r in ROUTES if isinstance(r.need, Open)}
    private = {r.handler for r in ROUTES if not isinstance(r.need, Open)}
    assert public == set(PUBLIC) | set(PageFiles().handlers) | {STREAM}
    assert private == set(PRIVATE)
    kinds = {t.__struct_config__.tag for t in FromPage.__args__}  # type: ignore[attr-defined]
    assert set(MESSAGES) == kinds


def test_every_door_of_the_protocol_is_in_the_table() -> None:
    text = (Path(__file__).parents[1] / "docs" / "web-protocol.md").read_text()
    rows = {(r.method, r.path) for r in ROUTES}
    for method, path in re.findall(r"`(GET|POST) (/[^\s`?]*)", text):
        assert (method, path) in rows or path.startswith("/static"), (method, path)


def test_loopback_doors_are_shut_for_others_and_behind_a_proxy(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = w.phone()
            text = (await phone.http.get("/metrics")).text
            assert "vigia_pages_open 0" in text
            assert "vigia_t0_to_t2_seconds_count" in text
            answer = await phone.http.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"})
            assert answer.status_code == 403

    run(go)
    assert not allows(Open.LOOPBACK, Role.ADMIN, loopback=False)


def test_officers_invite_agents_and_admins_anybody(tmp_path: Path) -> None:
    assert may_invite(Role.WATCH_OFFICER, Role.AGENT)
    assert not may_invite(Role.WATCH_OFFICER, Role.WATCH_OFFICER)
    assert not may_invite(Role.ANALYST, Role.AGENT)
    assert all(may_invite(Role.ADMIN, role) for role in Role if role is not Role.SENSOR)
    assert not may_invite(Role.ADMIN, Role.SENSOR)  # a service is no person

    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            made = await officer.http.post(
                "/api/v1/invitations", json={"name": "New", "lang": "es"}
            )
            assert made.status_code == 200
            assert made.json()["qr_svg"].startswith("<svg")
            link = made.json()["link"]
            assert link.startswith(f"{w.url}/enrol#")
            phone = w.phone()
            assert (await phone.enrol(link.partition("#")[2])).status_code == 200
            assert phone.person["lang"] == "es"
            answer = await officer.http.post(
                "/api/v1/invitations", json={"name": "X", "role": "admin"}
            )
            assert answer.status_code == 403
            known_admin = await w.enrolled(Role.ADMIN, "root")
            assert known_admin.person["role"] == "admin"
            answer = await officer.http.post(
                "/api/v1/invitations", json={"name": "X", "person_id": "root"}
            )
            assert answer.status_code == 403  # a second device for an admin, by the back door
            answer = await officer.http.post(
                "/api/v1/invitations", json={"name": "X", "post_id": "nowhere"}
            )
            assert answer.json()["error"]["expected"] == "one of 12"

    run(go)


# ---- reports -----------------------------------------------------------------------------------


def test_a_report_is_received_only_after_the_commit(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, officer = await w.enrolled(), await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with phone.page() as page, officer.page() as console:
                await page.hear("hello")
                await console.hear("hello")
                report = {
                    "report_id": "r1",
                    "t_ms": time.time_ns() // 1_000_000 - 3_000,
                    "position": {"lat_deg": 31.79, "lon_deg": -106.75, "sigma_m": 8},
                    "bearing": {"azimuth_deg_magnetic": 355.0, "sigma_deg": 10},
                    "kind": "multirotor",
                    "motion": "towards_me",
                }
                answer = await phone.http.post("/api/v1/sightings", json=report)
                assert answer.status_code == 200
                assert answer.json()["received"] is True
                assert answer.json()["report_id"] == "r1"
                body = w.watch.bodies(Sighting)[0]
                assert body.person_id == "p1"
                assert body.device_id == phone.device_id
                assert body.t_obs_ns == report["t_ms"] * 1_000_000  # type: ignore[operator]
                # WMM 2025 at this place and year: 7.5 to 8 degrees east
                assert body.bearing.azimuth_deg_true == pytest.approx(2.6, abs=0.4)
                seen = await console.hear("sighting")
                assert (seen["name"], seen["kind"]) == ("P1", "multirotor")
                assert (await page.hear("placed"))["track_number"] == 41
                w.watch.commits = False
                slow = await phone.http.post("/api/v1/sightings", json=report)
                assert slow.status_code == 503
                assert slow.json()["received"] is False
                assert slow.json()["warned"] is True
            rows = (await officer.http.get("/api/v1/sightings?minutes=60")).json()["sightings"]
            assert [(r["report_id"], r["track_number"]) for r in rows] == [("r1", 41)]

    run(go)


def test_a_report_while_the_watch_is_away_is_not_called_received(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            wire = w.watch.link._wire
            assert wire is not None
            w.watch.link.on_connected = wire.end  # a watch that dies again and again
            w.watch.commits = False
            wire.end()
            await until(lambda: not w.gateway.link.connected)
            answer = await phone.http.post("/api/v1/sightings", json=REPORT)
            assert answer.status_code == 503
            assert answer.json()["received"] is False
            w.watch.link.on_connected = w.watch.tell_state
            await until(lambda: len(w.watch.bodies(Sighting)) >= 1)  # and it was kept and sent

    run(go)


def test_a_device_ahead_of_time_is_believed_less(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            future = {**REPORT, "t_ms": time.time_ns() // 1_000_000 + 60_000}
            assert (await phone.http.post("/api/v1/sightings", json=future)).status_code == 200
            body = w.watch.bodies(Sighting)[0]
            assert body.t_obs_ns <= time.time_ns()
            assert body.t_sigma_s == 10.0
            assert body.bearing is None

    run(go)


def test_an_all_clear_bears_the_name_of_who_gave_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            answer = await officer.http.post("/api/v1/all-clear", json={"reason": "seen leaving"})
            assert answer.json()["received"] is True
            assert w.watch.bodies(AllClear)[0].by_person_id == "boss"
            answer = await officer.http.post("/api/v1/all-clear", json={"reason": ""})
            assert answer.status_code == 400

    run(go)


# ---- headers and bad input ---------------------------------------------------------------------


def test_every_answer_has_a_strict_policy(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = w.phone()
            for path in ("/", "/console", "/enrol", "/static/sw.js", "/api/v1/me", "/nothing"):
                headers = (await phone.http.get(path)).headers
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "no-referrer"

    run(go)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b'{"report_id":1}',
        b'{"report_id":"r","t_ms":-1}',
        b"[" * 60_000,
        b'{"report_id":"r","t_ms":1,"bearing":{"azimuth_deg_true":360,"sigma_deg":1}}',
        b'{"report_id":"r","t_ms":1,"position":{"lat_deg":1e999,"lon_deg":0}}',
    ],
)
def test_a_bad_body_is_refused_by_name(tmp_path: Path, body: bytes) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            answer = await phone.http.post("/api/v1/sightings", content=body)
            assert answer.status_code == 400
            assert answer.json()["error"]["what"]
            assert (await phone.http.post("/api/v1/sightings", json=REPORT)).status_code == 200
            w.gateway._tell_faults()
            await until(lambda: len(w.watch.bodies(Fault)) == 1)
            assert w.watch.bodies(Fault)[0].person_id == "p1"  # the bytes may hold his position

    run(go)


def test_large_bodies_unknown_hosts_and_foreign_origins_are_refused(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            post = phone.http.post
            assert (await post("/api/v1/sightings", content=b" " * 70_000)).status_code == 413
            evil = {"Origin": "https://evil.example"}
            assert (await post("/api/v1/sightings", json=REPORT, headers=evil)).status_code == 403
            own = {"Origin": w.url}
            assert (await post("/api/v1/sightings", json=REPORT, headers=own)).status_code == 200
            answer = await phone.http.get("/", headers={"Host": "evil.example:80"})
            assert answer.status_code == 421
            assert "hosts" in answer.json()["error"]["fix"]
            assert (await phone.http.put("/api/v1/me")).status_code == 405
            assert (await phone.http.get("/api/v1/nothing")).status_code == 404
            assert (await phone.http.head("/")).status_code == 200

    run(go)


def test_a_peer_that_never_asks_loses_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.http_wire.HEAD_S", 0.4)
    monkeypatch.setattr("vigia.run.asgi.BODY_S", 0.4)

    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            port = int(w.url.rpartition(":")[2])
            async with phone.page() as page:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.1\r\nHost: local")  # and no more
                async with asyncio.timeout(5):
                    assert await reader.read() == b""
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                head = (
                    b"POST /api/v1/enrol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
                )
                writer.write(head)
                assert b"408" in await reader.readline()
                writer.close()
                await page.say(t="ping", n=1)  # an open page is no idle connection
                await page.hear("pong")

    run(go)


def test_no_request_breaks_the_server(tmp_path: Path) -> None:
    """Addresses, queries, headers and bodies of chance: refused or answered, never 500."""
    chance = random.Random(7)
    words = [
        "api",
        "v1",
        "me",
        "static",
        "..",
        "%2e%2e",
        "%00",
        "%ff",
        "tiles",
        "base",
        "0",
        "-1",
        "9" * 30,
        "é",
        "a" * 400,
        "devices",
        "revoke",
        "sightings",
        "ledger",
        "entries",
        "ws",
    ]
    queries = [
        "",
        "?a" * 1_000,
        "?minutes=",
        "?minutes=%ff",
        "?minutes=" + "9" * 400,
        "?" + "&".join(f"a{n}=1" for n in range(50)),
        "?from=1&to=²",
        "?hours=1e3",
    ]
    bodies = [
        b"",
        b"{}",
        b'{"device_id":"\\ud800"}',
        b"\x80" * 50,
        b"[" * 9_000,
        b'"' + b"x" * 9_000,
    ]

    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled(Role.ADMIN, "root")
            for _ in range(250):
                path = "/" + "/".join(chance.choices(words, k=chance.randint(0, 5)))
                if chance.random() < 0.5:
                    path = re.sub(r"\{\w+\*?\}", chance.choice(words), chance.choice(ROUTES).path)
                method = chance.choice(["GET", "POST", "HEAD", "DELETE", "OPTIONS"])
                headers = {"cookie": "vigia_session=%ff; =;;a"} if chance.random() < 0.2 else {}
                request = phone.http.build_request(
                    method, path + chance.choice(queries), content=chance.choice(bodies)
                )
                request.headers.update(headers)
                answer = await phone.http.send(request)
                assert answer.status_code < 500 or answer.status_code == 503, (method, path)
            assert (await phone.http.get("/api/v1/me")).status_code == 200

    run(go)


def test_nothing_is_answered_before_the_watch_has_spoken(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            w.gateway.view.settings = None
            w.gateway.view.devices, w.gateway.view.people = {}, {}
            answer = await phone.http.get("/api/v1/me")
            assert answer.status_code == 503
            assert "starting" in answer.json()["error"]["what"]
            assert (await phone.http.get("/")).status_code == 200

    run(go)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            invitation = invite(tmp_path, name="A")
            async with httpx.AsyncClient(base_url=w.url) as http:
                for key in (
                    "AAAAAAAAAA",
                    "not base64url!!",
                    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
                ):
                    answer = await http.post(
                        "/api/v1/enrol", json={"token": invitation.token, "public_key": key}
                    )
                    assert answer.status_code == 400
            assert w.watch.got == []

    run(go)
