"""The shift handover note: drawn from the record, signed by whoever goes and whoever comes.

What the machine says of the moment is kept here between drawing and signing, so that a page cannot
sign something else. docs/watch-officer.md shows how it is used.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from vigia.alert_terms import Watched
from vigia.events_desk import RecordKind
from vigia.records.bulletin import Bulletin, BulletinStatus
from vigia.records.handover import LINE_MAX, LINES_MAX, Handover, Part
from vigia.records.readiness import Kit
from vigia.run import page_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.catalogue import words_of
from vigia.run.http_doors import Caller, Private
from vigia.run.records.bell import recipients_of
from vigia.run.records.bulletins import receipts
from vigia.run.records.doors import keep_record, may_see
from vigia.run.records.first_aid import readiness
from vigia.run.roles import OFFICERS
from vigia.terms import Lang

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway

SHOWN_MAX = 20


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """POST /api/v1/handover. remarks may be empty; what the machine says may not be changed."""

    draft_id: out.Id
    remarks: str = ""


class TakeIn(msgspec.Struct, frozen=True, kw_only=True):
    remarks: str = ""


_sign = msgspec.json.Decoder(SignIn)
_take = msgspec.json.Decoder(TakeIn)


async def draft(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What stands now, in the asked language."""
    lang = Lang.ES if request.query.get("lang") == "es" else Lang.EN
    made = Handover(
        t_ms=gateway.now_ms(),
        lang=lang.value,
        out_person_id=caller.person.person_id,
        parts=tuple(_parts(gateway, caller, words_of(lang))),
    )
    draft_id = gateway.records.drafts.put(made)
    return json({"draft_id": draft_id, "note": msgspec.to_builtins(made)})


async def sign(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """By whoever goes: version 1."""
    body = decode(request.body, _sign)
    made = gateway.records.drafts.take(body.draft_id, caller.person.person_id, gateway.now_ms())
    if made is None:
        raise HttpError(
            409, "note", got="not yours, or old", expected="a note of the last half hour",
            fix="draw it again",
        )  # fmt: skip
    record_id = f"handover-{made.t_ms}-{secrets.token_hex(3)}"
    note = _checked(made, remarks=body.remarks.strip())
    await keep_record(gateway, caller, RecordKind.HANDOVER, record_id, note, version=1)
    gateway.records.drafts.drop(body.draft_id)
    return json({"received": True, "id": record_id})


async def take(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """By whoever comes: version 2. Not by whoever signed it."""
    body, record_id = decode(request.body, _take), request.params["record_id"]
    versions = gateway.records.versions(RecordKind.HANDOVER, record_id)
    note = gateway.records.all_of(RecordKind.HANDOVER, Handover).get(record_id)
    if note is None or not may_see(gateway, caller, versions[0]):
        raise HttpError(404, "note", got=record_id, expected="the id of a handover note")
    if note.in_person_id:
        raise HttpError(409, "note", got="taken over already", expected="one that is open")
    if note.out_person_id == caller.person.person_id:
        raise HttpError(
            409, "note", got="the officer who signed it", expected="another officer",
            fix="sign in as whoever comes",
        )  # fmt: skip
    taken = _checked(
        note,
        in_person_id=caller.person.person_id,
        in_ms=gateway.now_ms(),
        in_remarks=body.remarks.strip(),
    )
    await keep_record(gateway, caller, RecordKind.HANDOVER, record_id, taken, version=2)
    return json({"received": True, "id": record_id})


async def listed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The newest notes with both names."""
    notes = gateway.records.all_of(RecordKind.HANDOVER, Handover)
    rows: list[dict[str, object]] = []
    for record_id, note in sorted(notes.items(), key=lambda x: -x[1].t_ms):
        versions = gateway.records.versions(RecordKind.HANDOVER, record_id)
        if not may_see(gateway, caller, versions[0]) or len(rows) >= SHOWN_MAX:
            continue
        names = {"out_name": _name(gateway, note.out_person_id)}
        names["in_name"] = _name(gateway, note.in_person_id) if note.in_person_id else ""
        seqs = [v.seq for v in versions]
        rows.append({"id": record_id, "seqs": seqs} | names | msgspec.to_builtins(note))
    return json({"notes": rows, "now_ms": gateway.now_ms()})


def _checked(note: Handover, **changes: object) -> Handover:
    """A copy whose rules hold. Raises HttpError."""
    try:
        fields = msgspec.to_builtins(note) | changes
        return msgspec.convert(fields, Handover)
    except (msgspec.ValidationError, ValueError) as e:
        raise HttpError(400, f"note: {e}") from e


# ---- what stands now ---------------------------------------------------------------------------


def _parts(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> Iterable[Part]:
    """Every part stands there, also with nothing in it: nothing is left out unseen."""
    yield _part("watch", _on_watch(gateway, caller, words))
    yield _part("alerts", _alerts(gateway, caller, words))
    yield _part("blind", _blind(gateway, caller, words))
    yield _part("sensors", _sensors(gateway, caller, words))
    yield _part("unanswered", _unanswered(gateway, caller, words))
    yield _part("kits", _kits(gateway, caller, words))
    yield _part("bulletins", _bulletins(gateway, caller, words))


def _part(key: str, lines: Iterable[str]) -> Part:
    return Part(key=key, lines=tuple(line[:LINE_MAX] for line in list(lines)[:LINES_MAX]))


def _on_watch(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    """Who has a page that is on watch, or a console, open now."""
    here: dict[str, bool] = {}
    for page in gateway.hub:
        if page.on_watch or page.role in OFFICERS:
            here[page.person_id] = here.get(page.person_id, False) or page.siren
    lines: list[str] = []
    for person_id in gateway.eyes.people(caller.viewer, here):
        person = gateway.view.people.get(person_id)
        if person is None:
            continue
        rings = words["handover.rings" if here[person_id] else "handover.rings_not"]
        post = _post(gateway, person.post_id)
        role = words[f"handover.role.{'desk' if person.role in OFFICERS else 'post'}"]
        lines.append(", ".join(x for x in (person.name, role, post, rings) if x))
    return sorted(lines)


def _alerts(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    lines: dict[str, tuple[int, set[str], int]] = {}
    for alert in gateway.view.open_alerts(None):
        seen = gateway.eyes.alert(caller.viewer, alert)
        if seen is None:
            continue
        tier, drones, n = lines.get(seen.incident_id, (0, set(), 0))
        drones |= {f"T-{number:03d}" for number in seen.track_numbers}
        lines[seen.incident_id] = (max(tier, seen.tier), drones, n + (seen.person_id is not None))
    return [
        words["handover.alert"]
        .replace("{tier}", words[f"alert.tier.{tier}"])
        .replace("{drones}", ", ".join(sorted(drones)) or words["handover.by_word"])
        .replace("{n}", str(n))
        for tier, drones, n in sorted(lines.values(), key=lambda x: -x[0])
    ]


def _blind(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    posts = gateway.eyes.posts(caller.viewer, gateway.view.posts())
    lines: list[str] = []
    for post in posts:
        told = gateway.view.cover.get(f"post/{post.post_id}")
        watched = Watched.NONE if told is None else told.watched
        if watched is not Watched.WATCHED:
            key = "unsaid" if told is None else watched.value
            lines.append(f"{post.name}: {words[f'console.cover.{key}']}")
    return lines


def _sensors(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    return [
        f"{s.sensor_id} ({s.kind}): {words[f'console.sensor.{s.state}']}"
        + (f". {s.last_fault}" if s.last_fault else "")
        for s in gateway.view.sensors
        if s.state != "ok" and gateway.eyes.owns_sensor(caller.viewer, s.sensor_id)
    ]


def _unanswered(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    """People with an open alert above WATCH that they have not acknowledged."""
    names: dict[str, int] = {}
    for alert in gateway.view.open_alerts(None):
        answered = alert.reached.seen_ms or alert.reached.safe_ms
        if alert.person_id is not None and alert.tier > 1 and not answered:
            names[alert.person_id] = max(alert.tier, names.get(alert.person_id, 0))
    may = gateway.eyes.people(caller.viewer, names)
    return sorted(f"{_name(gateway, p)}: {words[f'alert.tier.{names[p]}']}" for p in may)


def _kits(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    board = readiness(gateway, caller)
    kits = gateway.records.all_of(RecordKind.KIT, Kit)
    no_kit = words["handover.no_kit"]
    lines = [f"{_post(gateway, p)}: {no_kit}" for p in board.posts_without_kit]
    lines += [
        f"{_post(gateway, p)}: {words['handover.no_medic']}" for p in board.posts_without_medic
    ]
    lines += [
        f"{p.name}: {', '.join(words.get(w, w) for w in p.why)}" for p in board.people if p.why
    ]
    return lines if kits or lines else [words["handover.no_kits"]]


def _bulletins(gateway: Gateway, caller: Caller, words: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for record_id, b in gateway.records.all_of(RecordKind.BULLETIN, Bulletin).items():
        first = gateway.records.versions(RecordKind.BULLETIN, record_id)[0]
        if b.status is not BulletinStatus.RELEASED or not may_see(gateway, caller, first):
            continue
        have = receipts(gateway, record_id, b.edition)
        unread = [p.name for p in recipients_of(gateway, b) if p.person_id not in have]
        if unread:
            line = words["handover.unread"].replace("{title}", b.title.en or b.title.es)
            lines.append(line.replace("{n}", str(len(unread))))
    return lines


def _post(gateway: Gateway, post_id: str | None) -> str:
    found = (p.name for p in gateway.view.posts() if p.post_id == post_id)
    return next(found, "")


def _name(gateway: Gateway, person_id: str) -> str:
    person = gateway.view.people.get(person_id)
    return person_id if person is None else person.name


HANDOVER: dict[str, Private] = {
    "draft_handover": draft,
    "sign_handover": sign,
    "take_handover": take,
    "handovers": listed,
}
