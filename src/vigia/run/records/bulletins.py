"""HTTP doors of bulletins: draft, review, release by a second person, recall, read, receipts.

A receipt is a record of its own, signed for by the reader; the board tells who has not read.
"""

from __future__ import annotations

import datetime

import msgspec
from msgspec.structs import replace

from vigia.events import PersonAdded
from vigia.events_desk import RecordKind
from vigia.records.bulletin import Both, Bulletin, BulletinStatus, one_sided, unready
from vigia.records.bulletin_text import banner, heads, parts, short, text
from vigia.records.memo import memo
from vigia.records.posted import Posted, Reminder, What, read_id, reminder_id
from vigia.records.receipt import Receipt
from vigia.records.release import (
    authors,
    in_force,
    next_number,
    released_as,
    why_not,
)
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.catalogue import words_of
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.records.bell import recipients_of, tell
from vigia.run.records.bulletin_pdf import pdf
from vigia.run.records.doors import keep_record, may_see, owns
from vigia.run.roles import READERS
from vigia.run.signed import check_request
from vigia.terms import Lang, Mark

PREFIX = "OSA"
TEMPLATE_DAYS = 14


class BulletinIn(msgspec.Struct, frozen=True, kw_only=True):
    """version: one more than the one that was read."""

    version: int
    bulletin: Bulletin


class StepIn(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    reason: Both = Both()


class ReadIn(msgspec.Struct, frozen=True, kw_only=True):
    """edition: of the bulletin that was read; t_ms: when, on server-corrected time."""

    edition: int
    t_ms: int


_bulletin = msgspec.json.Decoder(BulletinIn)
_step = msgspec.json.Decoder(StepIn)
_read = msgspec.json.Decoder(ReadIn)


# ---- the desk ----------------------------------------------------------------------------------


async def template(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A draft in the structure of the memo, to change."""
    now = datetime.datetime.fromtimestamp(gateway.now_ms() // 1000, datetime.UTC)
    draft = memo(
        issuer=gateway.eyes.agency_name(caller.person.agency_id),
        effective=_time(now),
        expires=_time(now + datetime.timedelta(days=TEMPLATE_DAYS)),
        mark=_mode(gateway).value,
    )
    return json({"bulletin": msgspec.to_builtins(draft)})


async def write(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A new draft, or a change: drafts, hand-over to review, and back."""
    body = decode(request.body, _bulletin)
    if body.bulletin.status not in (BulletinStatus.DRAFT, BulletinStatus.REVIEW):
        raise HttpError(400, "status", got=body.bulletin.status.value, expected="draft or review")
    bulletin = replace(body.bulletin, mark=_mode(gateway).value)
    return await _keep(gateway, request, caller, bulletin, body.version)


async def release(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body, past = decode(request.body, _step), _past(gateway, request)
    now = datetime.datetime.fromtimestamp(gateway.now_ms() // 1000, datetime.UTC)
    every = gateway.records.all_of(RecordKind.BULLETIN, Bulletin).values()
    number = next_number([b.number for b in every], prefix=PREFIX, year=now.year)
    try:
        made = released_as(past, number=number, issued=_time(now), name=caller.person.name)
    except ValueError as e:
        raise HttpError(409, str(e)) from e
    return await _keep(gateway, request, caller, made, body.version)


async def recall(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body, past = decode(request.body, _step), _past(gateway, request)
    if not past:
        raise _unknown(request)
    made = replace(past[-1][1], status=BulletinStatus.RECALLED, reason=body.reason)
    return await _keep(gateway, request, caller, made, body.version)


async def _keep(
    gateway: Gateway, request: Request, caller: Caller, bulletin: Bulletin, version: int
) -> Answer:
    who, past = caller.person, _past(gateway, request)
    versions = gateway.records.versions(RecordKind.BULLETIN, request.params["record_id"])
    if versions and not owns(gateway, caller, versions[0]):
        raise _unknown(request)
    refused = why_not(past, bulletin, by=who.person_id, role=who.role)
    if refused is not None:
        raise HttpError(409, refused)
    record_id = request.params["record_id"]
    seq = await keep_record(
        gateway, caller, RecordKind.BULLETIN, record_id, bulletin, version=version
    )
    return json(
        {
            "received": True,
            "seq": seq,
            "version": version,
            "number": bulletin.number,
            "unready": unready(bulletin),
        }
    )


async def desk(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """All bulletins with who has read them: the board, unread first."""
    rows = [
        _board(gateway, caller, record_id, bulletin)
        for record_id, bulletin in gateway.records.all_of(RecordKind.BULLETIN, Bulletin).items()
        if may_see(gateway, caller, gateway.records.versions(RecordKind.BULLETIN, record_id)[0])
    ]
    return json({"bulletins": rows})


def _board(
    gateway: Gateway, caller: Caller, record_id: str, bulletin: Bulletin
) -> dict[str, object]:
    """Readers of agencies whose people the caller may not see are counted, not named."""
    versions = gateway.records.versions(RecordKind.BULLETIN, record_id)
    past = _steps(gateway, record_id)
    read = receipts(gateway, record_id, bulletin.edition)
    people = recipients_of(gateway, bulletin) if bulletin.edition else []
    named = set(gateway.eyes.people(caller.viewer, [p.person_id for p in people]))
    ways = channels_of(gateway, record_id, bulletin)
    return {
        "id": record_id,
        "version": versions[-1].number,
        "bulletin": msgspec.to_builtins(bulletin),
        "unready": unready(bulletin),
        "one_sided": one_sided(bulletin),
        "authors": sorted(_name(gateway, a) for a in authors(past)),
        "in_force": in_force(bulletin, gateway.now_ms() * 1_000_000),
        "read": [
            {"name": p.name, "t_ms": read[p.person_id], "by": ways.get(p.person_id, [])}
            for p in people
            if p.person_id in read and p.person_id in named
        ],
        "unread": [
            {"name": p.name, "post_id": p.post_id, "by": ways.get(p.person_id, [])}
            for p in people
            if p.person_id not in read and p.person_id in named
        ],
        "outside": ways.get("", []),
        "others": _others(gateway, [p for p in people if p.person_id not in named], read),
    }


def _others(
    gateway: Gateway, people: list[PersonAdded], read: dict[str, int]
) -> list[dict[str, object]]:
    """By agency: how many have read it, and how many not."""
    rows: list[dict[str, object]] = []
    for agency_id in sorted({p.agency_id for p in people}):
        theirs = [p for p in people if p.agency_id == agency_id]
        done = sum(p.person_id in read for p in theirs)
        name = gateway.eyes.agency_name(agency_id)
        rows.append({"agency": name, "read": done, "unread": len(theirs) - done})
    return rows


# ---- readers -----------------------------------------------------------------------------------


async def mine(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What is in force or recalled for the caller, newest first, in both languages."""
    return json({"bulletins": for_person(gateway, caller.person)})


def for_person(gateway: Gateway, person: PersonAdded) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for record_id, b in gateway.records.all_of(RecordKind.BULLETIN, Bulletin).items():
        latest = last_released(gateway, record_id)
        if latest is None or person not in recipients_of(gateway, latest):
            continue
        recalled = b.status is BulletinStatus.RECALLED
        if not recalled and not in_force(latest, gateway.now_ms() * 1_000_000):
            continue
        shown = b if recalled else latest
        read = receipts(gateway, record_id, latest.edition)
        rows.append({"id": record_id, "read_ms": read.get(person.person_id)} | page_of(shown))
    return sorted(rows, key=lambda r: str(r["issued"]), reverse=True)


def page_of(b: Bulletin) -> dict[str, object]:
    """As the phone keeps it for reading without a network."""
    sides: dict[str, object] = {}
    for lang in Lang:
        words = words_of(lang)
        sides[lang.value] = {
            "title": b.title.of(lang),
            "banner": banner(b, words),
            "heads": heads(b, words),
            "handling": b.handling.of(lang),
            "reason": b.reason.of(lang),
            "parts": [part._asdict() for part in parts(b, lang, words)],
        }
    return {
        "status": b.status.value,
        "number": b.number,
        "edition": b.edition,
        "issued": b.issued,
        "expires": b.expires,
        "tlp": b.tlp.value,
        "sides": sides,
    }


async def read(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The caller has read it: once, and harmless when repeated."""
    check_request(gateway, request, caller)
    body = decode(request.body, _read)
    bulletin = last_released(gateway, request.params["record_id"])
    person = caller.person
    if bulletin is None or person not in recipients_of(gateway, bulletin):
        raise _unknown(request)
    if body.edition != bulletin.edition:
        raise HttpError(409, "edition", got=str(body.edition), expected=str(bulletin.edition),
                        fix="read the newest edition")  # fmt: skip
    t_ms = min(body.t_ms, gateway.now_ms())
    receipt = Receipt(bulletin_id=request.params["record_id"], edition=body.edition, t_read_ms=t_ms)
    record_id = read_id(receipt.bulletin_id, receipt.edition, person.person_id)
    if gateway.records.versions(RecordKind.RECEIPT, record_id):
        return json({"received": True})
    await keep_record(gateway, caller, RecordKind.RECEIPT, record_id, receipt, version=1)
    return json({"received": True})


async def remind(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Tells the open pages of those who have not read it, and their channels to tell again."""
    bulletin_id = request.params["record_id"]
    bulletin = last_released(gateway, bulletin_id)
    if bulletin is None:
        raise _unknown(request)
    record_id = reminder_id(bulletin_id)
    asked = Reminder(edition=bulletin.edition, t_ms=gateway.now_ms())
    version = gateway.records.next_version(RecordKind.REMINDER, record_id)
    await keep_record(gateway, caller, RecordKind.REMINDER, record_id, asked, version=version)
    have = receipts(gateway, bulletin_id, bulletin.edition)
    unread = [p for p in recipients_of(gateway, bulletin) if p.person_id not in have]
    reached = sum(tell(gateway, p.person_id, again=True) for p in unread)
    return json({"unread": len(unread), "told": reached})


async def printed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """format: pdf, txt or chat; lang: en or es. Drafts are for the desk only, marked as such."""
    record_id = request.params["record_id"]
    every = gateway.records.all_of(RecordKind.BULLETIN, Bulletin)
    released = last_released(gateway, record_id)
    desk_may = caller.person.role in READERS
    bulletin = every.get(record_id) if desk_may else released
    if bulletin is None or not (desk_may or caller.person in recipients_of(gateway, bulletin)):
        raise _unknown(request)
    lang = Lang.ES if request.query.get("lang") == "es" else Lang.EN
    words = words_of(lang)
    match request.query.get("format", "pdf"):
        case "pdf":
            return Answer(200, pdf(bulletin, lang, words), b"application/pdf")
        case "txt":
            return Answer(200, text(bulletin, lang, words).encode(), b"text/plain; charset=utf-8")
        case "chat":
            told = short(bulletin, lang, words)
            return Answer(200, told.encode(), b"text/plain; charset=utf-8")
        case other:
            raise HttpError(400, "format", got=other, expected="pdf, txt or chat")


# ---- shared ------------------------------------------------------------------------------------


def receipts(gateway: Gateway, bulletin_id: str, edition: int) -> dict[str, int]:
    """When each person read that edition [ms], by person id."""
    return {
        version.kept.by_person_id or "": receipt.t_read_ms
        for record_id, receipt in gateway.records.all_of(RecordKind.RECEIPT, Receipt).items()
        for version in gateway.records.versions(RecordKind.RECEIPT, record_id)[:1]
        if (receipt.bulletin_id, receipt.edition) == (bulletin_id, edition)
    }


def channels_of(
    gateway: Gateway, bulletin_id: str, b: Bulletin
) -> dict[str, list[dict[str, object]]]:
    """By person ("": other agencies): which channels took this edition, or its recall, and when."""
    what = What.RECALLED if b.status is BulletinStatus.RECALLED else What.RELEASED
    found: dict[str, list[dict[str, object]]] = {}
    for p in gateway.records.all_of(RecordKind.POSTED, Posted).values():
        if (p.bulletin_id, p.edition, p.what) == (bulletin_id, b.edition, what):
            way: dict[str, object] = {"channel": p.channel, "t_ms": p.t_ms, "failed": p.failed}
            if p.t_delivered_ms is not None:
                way["delivered_ms"] = p.t_delivered_ms
            found.setdefault(p.person_id, []).append(way)
    return found


def last_released(gateway: Gateway, record_id: str) -> Bulletin | None:
    """The newest edition, also while a correction of it is being written."""
    found = [b for _, b in _steps(gateway, record_id) if b.status is BulletinStatus.RELEASED]
    return found[-1] if found else None


def _past(gateway: Gateway, request: Request) -> list[tuple[str | None, Bulletin]]:
    return _steps(gateway, request.params["record_id"])


def _steps(gateway: Gateway, record_id: str) -> list[tuple[str | None, Bulletin]]:
    return [
        (v.kept.by_person_id, msgspec.json.decode(v.kept.content, type=Bulletin))
        for v in gateway.records.versions(RecordKind.BULLETIN, record_id)
    ]


def _mode(gateway: Gateway) -> Mark:
    settings = gateway.view.settings
    return Mark.ACTUAL if settings is None else settings.mode


def _name(gateway: Gateway, person_id: str) -> str:
    person = gateway.view.people.get(person_id)
    return person_id if person is None else person.name


def _time(t: datetime.datetime) -> str:
    return t.strftime("%Y-%m-%dT%H:%M:00Z")


def _unknown(request: Request) -> HttpError:
    return HttpError(404, "bulletin", got=request.params["record_id"], expected="one that is yours")


BULLETINS: dict[str, Private] = {
    "bulletin_template": template,
    "write_bulletin": write,
    "release_bulletin": release,
    "recall_bulletin": recall,
    "bulletin_desk": desk,
    "bulletins": mine,
    "read_bulletin": read,
    "remind_bulletin": remind,
    "print_bulletin": printed,
}
