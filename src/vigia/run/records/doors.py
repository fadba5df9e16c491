"""HTTP doors of the records: list, look at all versions, keep a new version, count, confront.

The guard (http_app.py) has checked role, origin and size. Every count tells its question and the
ledger's root, so that anybody can ask the same of the same records.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TypeVar

import msgspec

from vigia.events_desk import RECORD_MAX, RecordKept, RecordKind
from vigia.records.claim import Claim
from vigia.records.common import Record, canonical, digest
from vigia.records.confront import confront
from vigia.records.incident import Incident
from vigia.records.incident_csv import PROFILES, read_csv, read_geojson
from vigia.records.likeness import duplicates
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, committed, starting
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader
from vigia.run.records.book import TYPES, Version
from vigia.run.settings_access import Share
from vigia.run.sharing import SITE

LIST_MAX = 5_000
TOGETHER = 50  # versions submitted at once by an import
_T = TypeVar("_T", bound=Record)


class KeepIn(msgspec.Struct, frozen=True, kw_only=True):
    """version: the number it will have, one more than the one that was read."""

    version: int
    record: msgspec.Raw


class ImportIn(msgspec.Struct, frozen=True, kw_only=True):
    """text: CSV, or GeoJSON with profile "geojson"."""

    text: str
    profile: str = "vigia"


class _Whose(msgspec.Struct):
    agency_id: str = SITE


_keep = msgspec.json.Decoder(KeepIn)
_import = msgspec.json.Decoder(ImportIn)


async def listed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The newest version of each record of a kind."""
    kind = _kind(request)
    newest = visible(gateway, caller, kind)
    rows = listed_rows(gateway, caller, kind)[:LIST_MAX]
    return json({"records": rows, "left_out": max(0, len(newest) - LIST_MAX)})


async def history(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """All versions of one record, oldest first."""
    kind, record_id = _kind(request), request.params["record_id"]
    versions = gateway.records.versions(kind, record_id)
    if not versions or not may_see(gateway, caller, versions[0]):
        raise HttpError(404, "record", got=record_id, expected=f"the id of a {kind.value}")
    return json({"versions": [_shown(gateway, record_id, v) for v in versions]})


async def keep(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """409 when somebody else has kept that version first."""
    kind, record_id = _kind(request), request.params["record_id"]
    body = decode(request.body, _keep)
    versions = gateway.records.versions(kind, record_id)
    if versions and not owns(gateway, caller, versions[0]):
        raise HttpError(403, "record", got=record_id, expected="a record of your own agency")
    try:
        record = msgspec.json.decode(body.record, type=TYPES[kind])
    except msgspec.DecodeError as e:
        raise HttpError(
            400, f"{kind.value}: {e}", expected="the fields of docs/incidents.md"
        ) from e
    seq = await keep_record(gateway, caller, kind, record_id, record, version=body.version)
    return json({"received": True, "seq": seq, "version": body.version})


async def keep_record(
    gateway: Gateway,
    caller: Caller,
    kind: RecordKind,
    record_id: str,
    record: Record,
    *,
    version: int,
    subject: str | None = None,
) -> int:
    """seq once it is on disk. Raises HttpError."""
    if not gateway.records.ready:
        raise starting()
    have = gateway.records.next_version(kind, record_id) - 1
    if version != have + 1:
        raise _conflict(version, have)
    content = canonical(record)
    if len(content) > RECORD_MAX:
        raise HttpError(413, "record", got=f"{len(content)} bytes", expected=f"{RECORD_MAX}")
    kept = RecordKept(
        record_id=record_id,
        kind=kind,
        version=version,
        content=content,
        by_person_id=caller.person.person_id,
        subject=subject,
    )
    answer = await committed(gateway, kept, caller.source)
    versions = gateway.records.versions(kind, record_id)
    if len(versions) < version or versions[version - 1].kept.content != content:
        raise _conflict(version, len(versions))
    return answer.seq


def _conflict(version: int, have: int) -> HttpError:
    return HttpError(
        409,
        "version",
        got=str(version),
        expected=str(have + 1),
        fix="somebody else changed it: read it again, then change that",
    )


async def import_incidents(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Rows become candidates; those we have, by content, are left alone."""
    body = decode(request.body, _import)
    try:
        if body.profile == "geojson":
            good, bad = read_geojson(body.text.encode())
        elif body.profile in PROFILES:
            good, bad = read_csv(body.text, PROFILES[body.profile])
        else:
            known = ", ".join([*PROFILES, "geojson"])
            raise HttpError(400, "profile", got=body.profile, expected=known)
    except ValueError as e:
        raise HttpError(400, f"import: {e}") from e
    new = [(i, r) for i, r in good if not gateway.records.versions(RecordKind.INCIDENT, i)]
    for n in range(0, len(new), TOGETHER):  # one commit of the journal takes many
        await asyncio.gather(
            *(
                keep_record(gateway, caller, RecordKind.INCIDENT, record_id, record, version=1)
                for record_id, record in new[n : n + TOGETHER]
            )
        )
    refused = [{"row": e.row, "what": e.what} for e in bad]
    return json({"kept": len(new), "had": len(good) - len(new), "refused": refused})


async def alike(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    found = await asyncio.to_thread(duplicates, incidents_of(gateway, caller))
    return json({"pairs": msgspec.to_builtins(found)})


async def confronted(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    claim_id = request.params["record_id"]
    seen = visible(gateway, caller, RecordKind.CLAIM)
    claims = {i: c for i, c in gateway.records.all_of(RecordKind.CLAIM, Claim).items() if i in seen}
    if claim_id not in claims:
        raise HttpError(404, "claim", got=claim_id, expected="the id of a claim")
    found = confront(claim_id, claims, incidents_of(gateway, caller))
    return json({"comparisons": msgspec.to_builtins(found), "ledger": await ledger_root(gateway)})


async def ledger_root(gateway: Gateway) -> dict[str, object] | None:
    """Size and root hash of the newest checkpoint; None while there is none."""

    def look() -> dict[str, object] | None:
        reader = LedgerReader(gateway.folder)
        try:
            note = reader.last_checkpoint()
        finally:
            reader.close()
        if note is None:
            return None
        lines = note.decode().split("\n")
        return {"size": int(lines[1]), "root": lines[2]}

    try:
        return await asyncio.to_thread(look)
    except (LedgerError, *DAMAGE, sqlite3.Error, ValueError, IndexError):
        return None


def incidents_of(gateway: Gateway, caller: Caller) -> dict[str, Incident]:
    """The newest versions that the caller's agency may see."""
    seen = visible(gateway, caller, RecordKind.INCIDENT)
    every = gateway.records.all_of(RecordKind.INCIDENT, Incident)
    return {i: incident for i, incident in every.items() if i in seen}


def visible(gateway: Gateway, caller: Caller, kind: RecordKind) -> dict[str, Version]:
    """The newest version of each that the caller's agency may see."""
    return {
        record_id: version
        for record_id, version in gateway.records.newest(kind).items()
        if may_see(gateway, caller, gateway.records.versions(kind, record_id)[0])
    }


def listed_rows(gateway: Gateway, caller: Caller, kind: RecordKind) -> list[dict[str, object]]:
    newest = visible(gateway, caller, kind)
    return [_shown(gateway, i, v) for i, v in sorted(newest.items())]


def _owner(gateway: Gateway, first: Version) -> str:
    """Agency of whoever began the record; what the machine began says whose it is, else it is
    the whole site's."""
    by = first.kept.by_person_id
    if by is not None:
        return gateway.eyes.whose_person(by)
    if first.kept.kind is RecordKind.INCIDENT:
        return msgspec.json.decode(first.kept.content, type=_Whose).agency_id
    return SITE


def may_see(gateway: Gateway, caller: Caller, first: Version) -> bool:
    return gateway.eyes.may(caller.viewer, _owner(gateway, first), Share.INCIDENTS)


def owns(gateway: Gateway, caller: Caller, first: Version) -> bool:
    owner = _owner(gateway, first)
    return not gateway.eyes.apart or owner in (SITE, caller.person.agency_id)


def _kind(request: Request) -> RecordKind:
    """The public kinds only: personal ones have doors of their own."""
    name = request.params["kind"]
    kinds = {"incidents": RecordKind.INCIDENT, "claims": RecordKind.CLAIM}
    if name not in kinds:
        raise HttpError(404, "kind of record", got=name, expected=" or ".join(kinds))
    return kinds[name]


def _shown(gateway: Gateway, record_id: str, version: Version) -> dict[str, object]:
    by = version.kept.by_person_id
    person = None if by is None else gateway.view.people.get(by)
    return {
        "id": record_id,
        "version": version.number,
        "seq": version.seq,
        "t_ms": version.t_ns // 1_000_000,
        "mark": version.mark,
        "by": None if person is None else person.name,
        "sha256": digest(version.kept.content),
        "record": msgspec.Raw(version.kept.content),
    }


RECORDS: dict[str, Private] = {
    "records": listed,
    "record": history,
    "keep_record": keep,
    "import_incidents": import_incidents,
    "alike_incidents": alike,
    "confront_claim": confronted,
}
