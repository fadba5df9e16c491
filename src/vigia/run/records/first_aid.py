"""HTTP doors of first aid: HIT and all that is said after it, kits, checks, who is not ready.

A word about a casualty gets its version number here, because phones say theirs without a network
and late; its own id makes a retry harmless. What is said of a casualty is personal: it is
journaled encrypted under the casualty's own key, which is forgotten like positions are.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256

import msgspec

from vigia.events import Post
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.approval import Approval
from vigia.records.casualty import Casualty, Word, fold, standing
from vigia.records.casualty_text import mist, nine_line, report
from vigia.records.common import canonical
from vigia.records.readiness import Board, Check, Kit, board
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.catalogue import words_of
from vigia.run.gateway import Gateway
from vigia.run.http_doors import COMMIT_S, Caller, Private, committed, starting
from vigia.run.link import Committed
from vigia.run.records.book import Version
from vigia.run.records.doors import keep_record, may_see
from vigia.run.roles import OFFICERS
from vigia.run.settings_access import Share
from vigia.run.signed import check_request
from vigia.terms import Lang

WORDS_MAX = 500  # of one casualty
TRIES = 5  # for a version number that somebody else took meanwhile


class KitIn(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    kit: Kit


_word = msgspec.json.Decoder(Word)
_check = msgspec.json.Decoder(Check)
_kit = msgspec.json.Decoder(KitIn)
_approval = msgspec.json.Decoder(Approval)


# ---- somebody is hurt --------------------------------------------------------------------------


async def say(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """HIT, or more about it. 200 only after the commit; else the phone keeps and repeats it."""
    check_request(gateway, request, caller)
    word = decode(request.body, _word)
    casualty_id = request.params["record_id"]
    if not gateway.records.ready:
        raise starting()
    for _ in range(TRIES):
        had = gateway.records.versions(RecordKind.CASUALTY, casualty_id)
        if any(_decode(v.kept.content).word_id == word.word_id for v in had):
            return json({"received": True})
        if len(had) >= WORDS_MAX:
            raise HttpError(409, "casualty", got=f"{len(had)} words", expected=f"{WORDS_MAX}")
        kept = RecordKept(
            record_id=casualty_id,
            kind=RecordKind.CASUALTY,
            version=len(had) + 1,
            content=canonical(word),
            by_person_id=caller.person.person_id,
            subject=f"casualty/{casualty_id}",
        )
        answer: Committed = await committed(gateway, kept, caller.source, timeout_s=COMMIT_S)
        now = gateway.records.versions(RecordKind.CASUALTY, casualty_id)
        if any(v.seq == answer.seq for v in now):
            return json({"received": True, "seq": answer.seq, "server_ms": gateway.now_ms()})
        await asyncio.sleep(0)
    raise HttpError(503, "not on record yet", fix="send it again")


async def casualties(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Open reports first, newest first; officers see all, others those they said a word of."""
    lang = Lang.ES if request.query.get("lang") == "es" else Lang.EN
    seen = [(i, c) for i, c in reports(gateway).items() if _may(gateway, caller, i)]
    seen.sort(key=lambda row: (row[1].closed or row[1].withdrawn, -row[1].t_hit_ms))
    return json({"casualties": [_casualty(gateway, i, c, lang) for i, c in seen]})


def reports(gateway: Gateway) -> dict[str, Casualty]:
    """By id, as they stand."""
    return {
        casualty_id: fold([_decode(v.kept.content) for v in _words(gateway, casualty_id)])
        for casualty_id in gateway.records.newest(RecordKind.CASUALTY)
    }


def _casualty(gateway: Gateway, casualty_id: str, c: Casualty, lang: Lang) -> dict[str, object]:
    words = words_of(lang)
    first = _words(gateway, casualty_id)[0]
    person = gateway.view.people.get(first.kept.by_person_id or "")
    name = "" if person is None else person.name
    return {
        "id": casualty_id,
        "by": name,
        "mark": first.mark,
        "closed": c.closed or c.withdrawn,
        "report": msgspec.to_builtins(c),
        "history": _history(gateway, casualty_id),
        "mist": mist(c, words),
        "nine_line": nine_line(c, words, callsign=name),
        "text": report(c, words, name=name),
    }


def _history(gateway: Gateway, casualty_id: str) -> list[dict[str, object]]:
    """Every word as it was said, oldest first; what was taken back stands here with its mark."""
    row = sorted(
        ((_decode(v.kept.content), v) for v in _words(gateway, casualty_id)),
        key=lambda pair: (pair[0].t_ms, pair[0].word_id),
    )
    stands = {w.word_id for w in standing([w for w, _ in row])}
    people = gateway.view.people
    return [
        {
            "t_ms": w.t_ms,
            "by": p.name if (p := people.get(v.kept.by_person_id or "")) else "",
            "said": sorted(set(msgspec.to_builtins(w)) - {"word_id", "t_ms"}),
            "taken_back": w.word_id not in stands,
        }
        for w, v in row
    ]


def _may(gateway: Gateway, caller: Caller, casualty_id: str) -> bool:
    words = _words(gateway, casualty_id)
    if any(v.kept.by_person_id == caller.person.person_id for v in words):
        return True
    return caller.person.role in OFFICERS and may_see(gateway, caller, words[0])


def _words(gateway: Gateway, casualty_id: str) -> list[Version]:
    return gateway.records.versions(RecordKind.CASUALTY, casualty_id)


def _decode(content: bytes) -> Word:
    return _word.decode(content)


# ---- before it happens -------------------------------------------------------------------------


async def near(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Kits and medics by post, for the phone to keep: it works out the nearest by itself."""
    settings = gateway.view.settings
    if settings is None:
        raise starting()
    told = readiness(gateway, caller)
    posts = {p.post_id: p for p in _posts(gateway, caller)}
    fit = [k for k in told.kits if k.post_id in posts]
    kits = [
        {
            "kit_id": k.kit_id,
            "name": k.name,
            "place": k.place,
            "post": posts[k.post_id].name,
            "lat_deg": posts[k.post_id].position.lat_deg,
            "lon_deg": posts[k.post_id].position.lon_deg,
            "complete": not k.lacks and not k.expired,
        }
        for k in fit
    ]
    medics = [
        {
            "name": p.name,
            "post": posts[p.post_id].name,
            "lat_deg": posts[p.post_id].position.lat_deg,
            "lon_deg": posts[p.post_id].position.lon_deg,
        }
        for p in told.people
        if p.medic and p.post_id in posts
    ]
    approvals = gateway.records.all_of(RecordKind.APPROVAL, Approval)
    return json(
        {
            "kits": kits,
            "medics": medics,
            "all_kits": [{"kit_id": k.kit_id, "name": k.name} for k in told.kits],
            "approved": [a.text_sha256 for a in approvals.values() if not a.withdrawn],
            "t_ms": gateway.now_ms(),
        }
    )


async def check(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The shift's check of the caller; the newest counts."""
    check_request(gateway, request, caller)
    body = decode(request.body, _check)
    made = msgspec.structs.replace(body, t_ms=min(body.t_ms, gateway.now_ms()))
    record_id = check_id(caller.person.person_id)
    version = gateway.records.next_version(RecordKind.CHECK, record_id)
    await keep_record(gateway, caller, RecordKind.CHECK, record_id, made, version=version)
    return json({"received": True})


async def keep_kit(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _kit)
    settings = gateway.view.settings
    posts = () if settings is None else tuple(p.post_id for p in settings.posts)
    if body.kit.post_id and body.kit.post_id not in posts:
        known = ", ".join(posts[:10])
        raise HttpError(400, "post", got=body.kit.post_id, expected=f"one of {known}")
    record_id = request.params["record_id"]
    await keep_record(gateway, caller, RecordKind.KIT, record_id, body.kit, version=body.version)
    return json({"received": True})


async def ready_board(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Who is not ready and why; of people whom the caller may see."""
    told = readiness(gateway, caller)
    versions = gateway.records.newest(RecordKind.KIT)
    kits = _kits(gateway, caller)
    rows = {
        k: {"version": versions[k].number, "kit": msgspec.to_builtins(kit)}
        for k, kit in kits.items()
    }
    return json(msgspec.to_builtins(told) | {"kit_records": rows, "t_ms": gateway.now_ms()})


async def approve(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A medical officer's approval of the first-aid text, recorded by an administrator."""
    body = decode(request.body, _approval)
    record_id = f"aid-{body.text_sha256[:16]}"
    version = gateway.records.next_version(RecordKind.APPROVAL, record_id)
    await keep_record(gateway, caller, RecordKind.APPROVAL, record_id, body, version=version)
    return json({"received": True})


def check_id(person_id: str) -> str:
    """One record a person, told apart in the ledger without his name."""
    return f"check-{sha256(person_id.encode()).hexdigest()[:24]}"


def _posts(gateway: Gateway, caller: Caller) -> list[Post]:
    """Those of agencies whose people the caller may see: help is asked of one's own first."""
    settings = gateway.view.settings
    posts = () if settings is None else settings.posts
    return [p for p in posts if gateway.eyes.may(caller.viewer, p.agency_id, Share.PEOPLE)]


def _kits(gateway: Gateway, caller: Caller) -> dict[str, Kit]:
    every = gateway.records.all_of(RecordKind.KIT, Kit)
    return {
        kit_id: kit
        for kit_id, kit in every.items()
        if may_see(gateway, caller, gateway.records.versions(RecordKind.KIT, kit_id)[0])
    }


def readiness(gateway: Gateway, caller: Caller) -> Board:
    everybody = gateway.view.people
    people = [everybody[p] for p in gateway.eyes.people(caller.viewer, everybody)]
    found = gateway.records.all_of(RecordKind.CHECK, Check)
    checks = {p.person_id: c for p in people if (c := found.get(check_id(p.person_id)))}
    return board(
        people,
        _kits(gateway, caller),
        checks,
        [p.post_id for p in _posts(gateway, caller)],
        t_ms=gateway.now_ms(),
    )


FIRST_AID: dict[str, Private] = {
    "say_casualty": say,
    "casualties": casualties,
    "first_aid_near": near,
    "check_kit": check,
    "keep_kit": keep_kit,
    "ready_board": ready_board,
    "approve_first_aid": approve,
}
