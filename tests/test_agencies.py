"""Agencies in the core and in the settings: an all clear speaks for one's own; older roles."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ledger_world import T_NS
from test_alert_people import FAR, attack, said
from test_flow import Shell
from vigia.events import (
    AllClear,
    AllClearAsked,
    AllClearReversed,
    Event,
    Fault,
    PersonAdded,
    decode_body,
)
from vigia.events_access import PersonalRead, PowerUsed, SignedIn
from vigia.ledger.entry import Said
from vigia.ledger.remember import entries
from vigia.run.plan import RunPlan, read_plan, write_plan
from vigia.run.settings import Listen, SettingsError, parse_settings
from vigia.run.settings_access import Share
from vigia.run.start import capture_plan
from vigia.terms import Mark, Role

SITE = '[site]\nlat_deg = 31.79\nlon_deg = -106.75\n[[posts]]\nid = "12"\nname = "P"\n' + (
    "lat_deg = 31.79\nlon_deg = -106.75\n"
)


def two_agencies() -> Shell:
    """Post 12 with a and w is alpha's, post 13 with b and v is bravo's."""
    posts = tuple(
        replace(p, agency_id={"12": "alpha", "13": "bravo"}.get(p.post_id, "")) for p in FAR.posts
    )
    shell = Shell(replace(FAR, posts=posts, agencies=("alpha", "bravo")))
    for person_id, agency_id, role, post_id in (
        ("a", "alpha", Role.OFFICER, "12"),
        ("w", "alpha", Role.WATCH_OFFICER, "12"),
        ("b", "bravo", Role.OFFICER, "13"),
        ("v", "bravo", Role.WATCH_OFFICER, "13"),
    ):
        person = PersonAdded(
            person_id=person_id, name=person_id, agency_id=agency_id, role=role, post_id=post_id
        )
        shell.at(0.1, person)
    return shell


def clear(shell: Shell, t_s: float, by: str) -> set[str]:
    word = AllClear(by_person_id=by, reason="landed", clear_id=f"c-{by}")
    found = shell.at(t_s, word)
    if len(found) == 1 and isinstance(found[0], AllClearAsked):
        found = shell.at(t_s + 0.1, replace(word, accepts=found[0].open))
    return set(said(found))


def test_an_all_clear_ends_the_alerts_of_its_authors_agency_only() -> None:
    shell = two_agencies()
    warned = set(said(shell.at(5, attack(5))))
    assert {"person/a", "person/b", "post/12", "post/13"} <= warned
    assert clear(shell, 6, "w") == {"person/a", "person/w", "post/12"}
    assert {a.target_id for a in shell.watch.open_alerts} >= {"person/b", "person/v", "post/13"}
    refused = shell.at(8, AllClearReversed(by_person_id="v", reason="no", clear_id="c-w"))
    assert isinstance(refused[0], Fault)
    again = said(shell.at(9, AllClearReversed(by_person_id="w", reason="it is there")))
    assert set(again) == {"person/a", "person/w", "post/12"}


def test_an_attack_is_told_to_every_agency_near_it() -> None:
    warned = said(two_agencies().at(5, attack(5)))
    assert {"person/a", "person/b"} <= set(warned)


def test_journals_that_say_agent_are_read_as_officer() -> None:
    old = b'{"type":"PersonAdded","person_id":"p","name":"P","agency_id":"x","role":"agent"}'
    body = decode_body(old)
    assert isinstance(body, PersonAdded)
    assert body.role is Role.OFFICER
    [entry] = entries(Event(1, T_NS, "x", Mark.ACTUAL, body))
    assert dict(entry.fields)["role"] == "agent"  # the leaf that is in the ledger already
    assert msgspec.msgpack.decode(msgspec.msgpack.encode("agent"), type=Role) is Role.AGENT
    with pytest.raises(ValueError, match="no_such"):
        Role("no_such")


def test_reads_and_powers_are_in_the_ledger_as_commitments() -> None:
    for body in (
        PersonalRead(by_person_id="w", what="operators", about="1581F", reason="why", count=3),
        PowerUsed(by_person_id="w", act="key.make", about="k1", reason="why"),
        SignedIn(person_id="w", session_id="s1", method="password"),
    ):
        [entry] = entries(Event(1, T_NS, "gateway", Mark.ACTUAL, body))
        told = dict(entry.fields)
        for name in ("about", "reason", "session"):
            assert isinstance(told.get(name), Said | None), name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[agencies.a]\nname = "A"\nposts = ["99"]', "known here: 12"),
        (
            '[agencies.a]\nname = "A"\nposts = ["12"]\n[agencies.b]\nname = "B"\nposts = ["12"]',
            "'12' is a's already",
        ),
        ('[agencies.a]\nname = "A"\n[sharing.a]\nc = ["alerts"]', "need an agency of"),
        ('[agencies.a]\nname = "A"\n[sharing.a]\na = ["all"]', "all"),
        ("[privacy]\noperators_days = 181", "need 1 to 180"),
        ('[sign_in]\nissuer = "http://x.example"', "need https"),
        ('[sign_in]\nissuer = "https://x.example"', "nobody could sign in"),
        ("[sign_in]\npassword_min = 4", "need 10 to 64"),
        ('[sign_in.roles]\ng = "sensor"', "services have keys"),
    ],
)
def test_settings_of_who_may_that_cannot_work_are_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        parse_settings((SITE + text).encode(), name="x")


def test_agencies_and_what_they_share_reach_the_core_and_the_gateway(tmp_path: Path) -> None:
    text = '[agencies.a]\nname = "A"\nposts = ["12"]\n[agencies.b]\nname = "B"\n[sharing.b]\n'
    settings = parse_settings((SITE + text + 'a = ["alerts"]').encode(), name="x")
    plan = capture_plan(["-"], settings=settings, posts=(), adapter="remote_id", listen=None)
    write_plan(tmp_path, plan)
    read: RunPlan = read_plan(tmp_path)
    assert read.core.agencies == ("a", "b")
    assert read.core.posts[0].agency_id == "a"
    assert read.access.sharing == {"b": {"a": (Share.ALERTS,)}}


def test_listen_on_the_command_line_keeps_the_settings_names_and_certificate() -> None:
    """Found by use: --listen beside --settings dropped hosts, cert and key."""
    listen = '[listen]\nhosts = ["vigia.lan"]\ncert = "site.crt"\nkey = "site.key"\n'
    settings = parse_settings((listen + SITE).encode(), name="x")
    plan = capture_plan(
        ["-"],
        settings=settings,
        posts=(),
        adapter="remote_id",
        listen=Listen(address="0.0.0.0:9000"),
    )
    assert plan.listen == Listen(
        address="0.0.0.0:9000", hosts=("vigia.lan",), cert="site.crt", key="site.key"
    )
