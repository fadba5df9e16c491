"""Passwords, recovery codes, passkeys and OpenID Connect -> sessions that can be ended at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from gateway_world import Phone, World, run, until, world
from oidc_provider import Provider, provider
from soft_passkey import SoftPasskey
from vigia.events import AgencyAdded, DeviceRevoked, PersonAdded
from vigia.events_access import PowerUsed, SignedIn
from vigia.run.accounts import Accounts
from vigia.run.invitations import invite
from vigia.run.oidc import Oidc
from vigia.run.passwords import hash_of, is_password, weakness
from vigia.run.session_book import SessionBook
from vigia.run.settings_access import Access, AgencyEntry, SignIn
from vigia.terms import Role

GOOD = "copper ladder mostly eleven"
OTHER = "tango harbour whistle nine"


async def claimed(
    w: World, role: Role = Role.WATCH_OFFICER, login: str = "dana"
) -> tuple[Phone, Any]:
    made = invite(w.folder, name="Dana Holt", role=role, person_id=f"p-{login}")
    browser = w.phone()
    answer = await browser.http.post(
        "/api/v1/sign-in/claim", json={"token": made.token, "login": login, "password": GOOD}
    )
    return browser, answer


async def by_password(browser: Phone, login: str = "dana", password: str = GOOD) -> httpx.Response:
    body = {"login": login, "password": password}
    return await browser.http.post("/api/v1/sign-in/password", json=body)


def test_an_invitation_makes_a_console_account_that_signs_in_by_password(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            browser, answer = await claimed(w)
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["codes"]) == 8
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert (await browser.http.get("/api/v1/me")).json()["person"]["name"] == "Dana Holt"
            other = w.phone()
            assert (await by_password(other, "DANA ")).status_code == 200
            async with other.page() as page:  # a console without any device's key
                assert (await page.hear("hello"))["person"]["role"] == "watch_officer"
            for login, password in (("dana", OTHER), ("nobody", GOOD)):
                refused = await by_password(w.phone(), login, password)
                assert refused.status_code == 401
                assert refused.json()["error"]["what"] == "wrong name or password"
            await until(lambda: len(w.watch.bodies(SignedIn)) == 2)
            assert {b.method for b in w.watch.bodies(SignedIn)} == {"password"}
            kept = whole(tmp_path)
            assert b"$argon2id$" in kept
            assert GOOD.encode() not in kept
            assert answer.json()["codes"][0].encode() not in kept

    run(go)


def whole(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_an_officers_link_makes_a_key_on_a_phone_and_no_password(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            _, answer = await claimed(w, Role.OFFICER)
            assert answer.status_code == 403
            assert w.watch.bodies(PersonAdded) == []

    run(go)


def test_guessing_a_password_is_slowed_by_name_and_touches_no_session(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            browser, _ = await claimed(w)
            phone = await w.enrolled()
            codes = [(await by_password(w.phone(), "dana", OTHER)).status_code for _ in range(12)]
            assert codes == [401] * 10 + [429] * 2
            assert (await by_password(w.phone())).status_code == 429  # the right one waits, too
            assert (await browser.http.get("/api/v1/me")).status_code == 200
            report = {"report_id": "r", "t_ms": 1}
            assert (await phone.http.post("/api/v1/sightings", json=report)).status_code == 200
            assert (await phone.open_session()).status_code == 200

    run(go)


def test_a_recovery_code_works_once_and_ends_every_other_session(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            browser, answer = await claimed(w)
            code = answer.json()["codes"][3]
            new = w.phone()
            body = {"login": "dana", "code": code.lower().replace("-", " "), "password": OTHER}
            weak = await new.http.post("/api/v1/sign-in/recovery", json=body | {"password": "x"})
            assert weak.status_code == 400
            assert (await new.http.post("/api/v1/sign-in/recovery", json=body)).status_code == 200
            assert (await new.http.get("/api/v1/me")).status_code == 200
            assert (await browser.http.get("/api/v1/me")).status_code == 401
            again = await w.phone().http.post("/api/v1/sign-in/recovery", json=body)
            assert again.status_code == 401
            assert (await by_password(w.phone(), password=GOOD)).status_code == 401
            assert (await by_password(w.phone(), password=OTHER)).status_code == 200
            left = (await new.http.get("/api/v1/account")).json()
            assert left == {"login": "dana", "codes_left": 7, "passkeys": []}

    run(go)


def test_a_changed_password_asks_for_the_old_one(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")  # by key; adds a password
            body = {"login": "boss", "password": GOOD}
            first = await officer.http.post("/api/v1/account/password", json=body)
            assert len(first.json()["codes"]) == 8
            body = {"login": "boss", "password": OTHER}
            assert (
                await officer.http.post("/api/v1/account/password", json=body)
            ).status_code == 401
            changed = await officer.http.post(
                "/api/v1/account/password", json=body | {"current": GOOD}
            )
            assert changed.status_code == 200
            taken = await claimed(w, login="boss")
            assert taken[1].status_code == 409

    run(go)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "need 12"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("Password1234!", "tried first"),
        ("p4ssw0rd-vigia-2026", "tried first"),
        ("qwertyuiop12345", "tried first"),
        ("dana-likes-kites", "the name"),
        ("x" * 20 + "abcdefgh" * 40, "more than"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password: str, why: str) -> None:
    assert why in (weakness(password, login="dana", minimum=12) or "")


@pytest.mark.parametrize("password", [GOOD, OTHER, "k9$Xw2!mQz7&Lp", "correcto caballo batería"])
def test_good_passwords_are_taken(password: str) -> None:
    assert weakness(password, login="dana", minimum=12) is None


def test_passwords_are_kept_as_argon2id() -> None:
    kept = hash_of(GOOD)
    assert kept.startswith("$argon2id$")
    assert is_password(kept, GOOD)
    assert not is_password(kept, OTHER)
    assert not is_password(None, GOOD)


# ---- sessions ----------------------------------------------------------------------------------


def test_a_person_sees_his_sessions_and_ends_one_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            browser, _ = await claimed(w)
            other = w.phone()
            await by_password(other)
            rows = (await browser.http.get("/api/v1/sessions")).json()["sessions"]
            assert [r["this"] for r in rows] == [False, True]
            assert {r["method"] for r in rows} == {"password"}
            assert rows[0]["browser"].startswith("python-httpx")
            async with other.page() as page:
                await page.hear("hello")
                path = f"/api/v1/sessions/{rows[0]['login_id']}/end"
                ended = await browser.http.post(path, json={"reason": "not mine"})
                assert ended.json() == {"ended": 1}
                with pytest.raises(Exception, match=r"."):
                    await page.hear("nothing", 5)
            assert (await other.http.get("/api/v1/me")).status_code == 401
            assert (await browser.http.get("/api/v1/me")).status_code == 200
            assert w.watch.bodies(PowerUsed)[0].act == "session.end"
            assert (await browser.http.post("/api/v1/sign-out", json={})).status_code == 200
            cookie = {"cookie": f"vigia_session={browser.http.cookies.get('vigia_session')}"}
            assert (await w.phone().http.get("/api/v1/me", headers=cookie)).status_code == 401

    run(go)


def test_a_lost_device_is_ended_with_all_its_sessions_also_after_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss, phone = await w.enrolled(Role.WATCH_OFFICER, "boss"), await w.enrolled()
            stolen = phone.http.cookies["vigia_session"]
            async with phone.page() as page:
                await page.hear("hello")
                path = "/api/v1/people/p1/end-sessions"
                body = {"reason": "stolen", "devices": True}
                assert (await boss.http.post(path, json=body)).status_code == 200
                with pytest.raises(Exception, match=r"."):
                    await page.hear("nothing", 5)
            assert w.watch.bodies(DeviceRevoked)[0].device_id == phone.device_id
            assert (await phone.http.get("/api/v1/me")).status_code == 401
            assert (await phone.open_session()).status_code == 401
            session = w.gateway.sessions.session(stolen, now_s=0)
            assert session is not None
            again = SessionBook(tmp_path)
            again.load(now_s=0)
            assert again.is_void(session.login_id, "p1", session.t_open_ms)
            assert not again.is_void("another", "boss", session.t_open_ms)

    run(go)


def test_who_may_end_whose_sessions(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss, admin = (
                await w.enrolled(Role.WATCH_OFFICER, "boss"),
                await w.enrolled(Role.ADMIN, "root"),
            )
            phone = await w.enrolled()
            for who, whom, may in (
                (phone, "p1", True), (phone, "boss", False), (boss, "p1", True),
                (boss, "root", False), (admin, "boss", True), (boss, "no-such", False),
            ):  # fmt: skip
                path = f"/api/v1/people/{whom}/end-sessions"
                answer = await who.http.post(path, json={"reason": "r"})
                assert (answer.status_code == 200) == may, (whom, answer.text)
                for one in (boss, admin, phone):
                    await one.open_session()

    run(go)


# ---- passkeys ----------------------------------------------------------------------------------


def test_a_passkey_signs_in_without_a_name(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            browser, _ = await claimed(w)
            key = SoftPasskey(w.url)
            asked = (await browser.http.post("/api/v1/account/passkeys/begin", json={})).json()
            assert asked["options"]["authenticatorSelection"]["userVerification"] == "required"
            body = {"challenge": asked["challenge"], "credential": key.create(asked["options"])}
            add = "/api/v1/account/passkeys"
            assert (await browser.http.post(add, json=body)).status_code == 200
            assert (await browser.http.post(add, json=body)).status_code == 401  # used challenge

            async def sign_in(with_key: SoftPasskey) -> int:
                fresh = w.phone()
                asked = (await fresh.http.post("/api/v1/sign-in/passkey/begin", json={})).json()
                given = {
                    "challenge": asked["challenge"],
                    "credential": with_key.get(asked["options"]),
                }
                answer = await fresh.http.post("/api/v1/sign-in/passkey", json=given)
                if answer.status_code == 200:
                    assert answer.json()["person"]["person_id"] == "p-dana"
                    assert (await fresh.http.get("/api/v1/me")).status_code == 200
                return answer.status_code

            assert await sign_in(key) == 200
            key.count = 0  # a copy of the authenticator
            assert await sign_in(key) == 401
            key.count = 50
            key.verified = False
            assert await sign_in(key) == 401
            key.verified = True
            key.origin = "https://evil.example"
            assert await sign_in(key) == 401
            assert await sign_in(SoftPasskey(w.url)) == 401

    run(go)


# ---- OpenID Connect ----------------------------------------------------------------------------


def signing(here: Provider, folder: Path) -> Access:
    secret = folder / "oidc.secret"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    return Access(
        agencies={"bp": AgencyEntry(name="Border Patrol")},
        sign_in=SignIn(
            issuer=here.issuer,
            secret_file=str(secret),
            roles={"drone-admins": Role.ADMIN, "drone-watch": Role.WATCH_OFFICER},
            agencies={"drone-watch": "bp"},
        ),
    )


async def there_and_back(w: World, browser: Phone) -> httpx.Response:
    """As a browser goes: to the provider, and back with its code."""
    away = await browser.http.get("/api/v1/sign-in/oidc")
    assert away.status_code == 302
    async with httpx.AsyncClient() as http:
        back = (await http.get(away.headers["location"])).headers["location"]
    state = away.headers["set-cookie"]
    assert "SameSite=Lax" in state
    assert "HttpOnly" in state
    headers = {"cookie": state.partition(";")[0]}
    return await browser.http.get(back, headers=headers)


def test_the_agencys_provider_signs_in_and_says_role_and_agency(tmp_path: Path) -> None:
    async def go() -> None:
        with provider() as here:
            access = signing(here, tmp_path)
            async with world(tmp_path, access=access) as w:
                w.gateway.oidc = Oidc(access.sign_in)
                assert (await w.phone().http.get("/api/v1/sign-in")).json()["oidc"] is True
                browser = w.phone()
                answer = await there_and_back(w, browser)
                assert answer.status_code == 302, answer.text
                assert answer.headers["location"] == "/console"
                me = (await browser.http.get("/api/v1/me")).json()["person"]
                assert (me["name"], me["role"]) == ("Olga Provider", "watch_officer")
                assert w.watch.bodies(AgencyAdded)[0].name == "Border Patrol"
                assert w.gateway.view.people[me["person_id"]].agency_id == "bp"
                here.groups = ["drone-admins"]
                assert (await there_and_back(w, w.phone())).status_code == 302
                assert w.gateway.view.people[me["person_id"]].role is Role.ADMIN
                here.groups = ["gardeners"]
                refused = await there_and_back(w, w.phone())
                assert refused.status_code == 403
                await w.gateway.oidc.close()

    run(go)


def test_what_the_provider_did_not_sign_rightly_signs_nobody_in(tmp_path: Path) -> None:
    async def go() -> None:
        with provider() as here:
            access = signing(here, tmp_path)
            async with world(tmp_path, access=access) as w:
                w.gateway.oidc = Oidc(access.sign_in)
                wrong: list[dict[str, Any]] = [
                    {"iss": "https://evil.example"}, {"aud": "another"}, {"nonce": "old"},
                    {"exp": 1}, {"iat": 9e12}, {"sub": ""}, {"aud": ["vigia", "another"]},
                ]  # fmt: skip
                for change in wrong:
                    here.change = change
                    assert (await there_and_back(w, w.phone())).status_code == 502, change
                here.change = {}
                here.sign_with = ECKey.generate_key("P-256", {"kid": "k1"})
                assert (await there_and_back(w, w.phone())).status_code == 502
                here.sign_with = None
                here.secret = "changed"
                assert (await there_and_back(w, w.phone())).status_code == 502
                assert w.watch.bodies(PersonAdded) == []
                await w.gateway.oidc.close()

    run(go)


def test_a_return_that_this_browser_did_not_begin_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        with provider() as here:
            access = signing(here, tmp_path)
            async with world(tmp_path, access=access) as w:
                w.gateway.oidc = Oidc(access.sign_in)
                away = await w.phone().http.get("/api/v1/sign-in/oidc")
                query = parse_qs(urlsplit(away.headers["location"]).query)
                assert query["code_challenge_method"] == ["S256"]
                async with httpx.AsyncClient() as http:
                    back = (await http.get(away.headers["location"])).headers["location"]
                assert (await w.phone().http.get(back)).status_code == 403
                assert here.token_requests == 0
                await w.gateway.oidc.close()

    run(go)


def test_a_login_is_kept_for_one_person(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    assert accounts.put("dana", "p1", "x") is not None
    assert accounts.put("dana", "p2", "x") is None
    assert accounts.put("dana2", "p1", "y") is not None  # renamed
    assert accounts.find("dana") is None
