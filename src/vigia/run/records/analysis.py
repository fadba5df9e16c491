"""HTTP doors of the analysis: counts by polygons too, drawings as SVG, the briefing, exports."""

from __future__ import annotations

import asyncio
import io
import zipfile

import msgspec
from msgspec.structs import replace

from vigia.events_desk import RecordKind
from vigia.records.areas import read_areas
from vigia.records.counts import By, Question, count
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.catalogue import words_of
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import LedgerError
from vigia.run.records.briefing import asked_words, briefing, figures_of
from vigia.run.records.doors import incidents_of, ledger_root, listed_rows, visible
from vigia.run.records.drawn import svg
from vigia.run.records.proved import SUFFIX, encode, prove
from vigia.run.records.tables import FORMATS, KINDS, exported
from vigia.terms import Lang

PDF = b"application/pdf"


class CountIn(msgspec.Struct, frozen=True, kw_only=True):
    """areas: GeoJSON text of named polygons; instead of question.areas. lang: of drawings."""

    question: Question = Question()
    areas: str = ""
    lang: Lang = Lang.EN


_ask = msgspec.json.Decoder(CountIn)


def asked(request: Request) -> CountIn:
    """Raises HttpError."""
    body = decode(request.body, _ask)
    if body.areas:
        try:
            areas = read_areas(body.areas.encode())
        except ValueError as e:
            raise HttpError(400, f"{e}") from e
        body = replace(body, question=replace(body.question, areas=areas))
    if By.AREA in body.question.by and not body.question.areas:
        raise HttpError(400, "areas", got="none", expected="GeoJSON of named polygons")
    return body


async def counted(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = asked(request)
    answer = count(incidents_of(gateway, caller), body.question)
    root = await ledger_root(gateway)
    told = msgspec.to_builtins(answer)
    told["question"] = _named(body.question)
    return json(told | {"ledger": root, "t_ms": gateway.now_ms()})


def _named(question: Question) -> dict[str, object]:
    """The areas by name: their points were sent by whoever asks."""
    plain: dict[str, object] = msgspec.to_builtins(question)
    if question.areas:
        plain["areas"] = [a.name for a in question.areas]
    return plain


async def drawn(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Each drawing as SVG that stands by itself: title, question and ledger's root in it."""
    body = asked(request)
    root = await ledger_root(gateway)
    incidents = incidents_of(gateway, caller)
    foot = f"{asked_words(body.question, words_of(body.lang))} | {_root_words(root)}"

    def draw() -> dict[str, dict[str, str]]:
        found = figures_of(incidents, body.question, body.lang)
        return {n: {"title": f.title, "svg": svg(f, foot=foot)} for n, f in found.items()}

    return json({"figures": await asyncio.to_thread(draw), "ledger": root})


async def reported(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The briefing as PDF."""
    body = asked(request)
    root = await ledger_root(gateway)
    incidents = incidents_of(gateway, caller)
    issuer = gateway.eyes.agency_name(caller.person.agency_id)
    made = await asyncio.to_thread(
        briefing,
        incidents,
        body.question,
        lang=body.lang,
        issuer=issuer,
        root=_root_words(root),
        command=f"POST /api/v1/incidents/count {_again(body.question)}",
        t_s=gateway.now_ms() / 1_000,
    )
    name = b'attachment; filename="incidents.pdf"'
    return Answer(200, made, PDF, ((b"content-disposition", name),))


def _again(question: Question) -> str:
    return msgspec.json.encode({"question": _named(question)}).decode()


def _root_words(root: dict[str, object] | None) -> str:
    if root is None:
        return "ledger: no checkpoint yet"
    return f"ledger: {root['size']} entries, root {root['root']}"


async def exported_(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """format: csv, geojson, parquet, json (every newest version with hash, seq and ledger root).
    proofs=1: a ZIP of the file and its proofs, for `vigia ledger verify-export`."""
    form = request.query.get("format", "json")
    if form not in FORMATS:
        raise HttpError(400, "format", got=form, expected=", ".join(FORMATS))
    rows = sorted(incidents_of(gateway, caller).items())
    if request.query.get("proofs") == "1":
        return await _with_proofs(gateway, caller, form)
    if form == "json":
        shown = listed_rows(gateway, caller, RecordKind.INCIDENT)
        return json({"incidents": shown, "ledger": await ledger_root(gateway)})
    return Answer(200, await asyncio.to_thread(exported, rows, form), KINDS[form])


async def _with_proofs(gateway: Gateway, caller: Caller, form: str) -> Answer:
    rows = sorted(incidents_of(gateway, caller).items())
    versions = visible(gateway, caller, RecordKind.INCIDENT)
    name = f"incidents.{form}"

    def pack() -> bytes:
        file = exported(rows, form)
        key = log_signer(gateway.folder / "keys").verifier
        proofs = prove(gateway.folder, versions, name=name, file=file, key=key, question={})
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(name, file)
            packed.writestr(name + SUFFIX, encode(proofs))
        return out.getvalue()

    try:
        data = await asyncio.to_thread(pack)
    except (LedgerError, OSError) as e:
        raise HttpError(503, f"{e}", fix="try again in a moment") from e
    told = f'attachment; filename="{name}.zip"'.encode()
    return Answer(200, data, b"application/zip", ((b"content-disposition", told),))


ANALYSIS: dict[str, Private] = {
    "count_incidents": counted,
    "draw_incidents": drawn,
    "report_incidents": reported,
    "export_incidents": exported_,
}
