"""Text messages and the desk's form -> reports; what nobody understood waits for a person.

POST /api/v1/words shows what is understood (send false) before anything counts, then sends it;
with `corrects` it takes an earlier one back. POST /api/v1/sms takes what SMS gateways send.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec

from vigia.alert_terms import Via
from vigia.event_base import ID_MAX, TEXT_MAX
from vigia.events import AttackReported, Input, Sighting
from vigia.events_words import WordReceived, WordSettled
from vigia.run import page_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.catalogue import words_of
from vigia.run.desk_words import place_of
from vigia.run.http_doors import Caller, Private, Public, committed, received, starting
from vigia.run.reporting import Made, Report, echo, inputs_of, named_places
from vigia.run.settings_access import Share
from vigia.run.track_whose import Place, Spot, near
from vigia.terms import Lang, Position
from vigia.textreport.parse import Understood, understand

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway

SOURCE = "words"
NUMBER_MAX = 40
FIELDS_MAX = 60
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_MAX)]


class WordsIn(msgspec.Struct, frozen=True, kw_only=True):
    """send false: only say what would be understood. position: of whoever told it, if the desk
    knows; corrects: an earlier word that this one stands for: its report, if it made one, is taken
    back. lang: of the screen; None: the person's."""

    text: Text
    sender: Annotated[str, msgspec.Meta(max_length=NUMBER_MAX)] = ""
    send: bool = False
    word_id: Id | None = None
    position: out.PositionIn | None = None
    corrects: Id | None = None
    lang: Lang | None = None


class SettleIn(msgspec.Struct, frozen=True, kw_only=True):
    reason: Text


class SmsIn(msgspec.Struct, frozen=True, kw_only=True):
    """The generic form. Other names that gateways use are read too, see _sms."""

    sender: str
    text: str
    message_id: str = ""


_words = msgspec.json.Decoder(WordsIn)
_settle = msgspec.json.Decoder(SettleIn)
_object = msgspec.json.Decoder(dict[str, object])


# ---- the desk ----------------------------------------------------------------------------------


async def read_words(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What is open, newest last."""
    found = gateway.words.open.values()
    return json({"words": [word for word in found if _may_see(gateway, caller, word)]})


async def take_words(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _words)
    mine = None
    if body.position is not None:
        p = body.position
        mine = Position(p.lat_deg, p.lon_deg, p.alt_hae_m, p.sigma_m)
    said = _understand(gateway, body.text, mine)
    report = Report(
        word_id=body.word_id or f"desk-{secrets.token_hex(8)}",
        via=Via.DESK,
        text=body.text,
        sender=body.sender,
        t_obs_ns=gateway.clock.now_ns(),
    )
    made = inputs_of(report, said, t_ns=gateway.clock.now_ns())
    lang = body.lang or caller.person.lang
    answer = _told(gateway, said, made, lang) | {"word_id": report.word_id, "sent": body.send}
    if body.send:
        for one in made.bodies:  # first what is true now, then what no longer is
            await committed(gateway, one, caller.source)
        before = gateway.words.open.get(body.corrects or "")
        if before is not None and _may_see(gateway, caller, before):
            await _replace(gateway, before, report.word_id, caller)
    return json(answer)


async def settle(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    word_id = request.params["word_id"]
    word = gateway.words.open.get(word_id)
    if word is None or not _may_see(gateway, caller, word):
        raise HttpError(404, "word", got=word_id, expected="one that is open")
    act = WordSettled(
        word_id=word_id,
        by_person_id=caller.person.person_id,
        reason=decode(request.body, _settle).reason,
    )
    return received(await committed(gateway, act, caller.source))


def _may_see(gateway: Gateway, caller: Caller, word: WordReceived) -> bool:
    """Agencies apart: his own people's words, and those at a place near his own posts, or as they
    are shared. What nobody can be told the owner of is everybody's: somebody must handle it."""
    eyes, settings = gateway.eyes, gateway.view.settings
    if not eyes.apart or settings is None:
        return True
    viewer = caller.viewer
    if word.person_id is not None:
        return eyes.may(viewer, eyes.whose_person(word.person_id), Share.SIGHTINGS)
    if word.position is None:
        return True
    spot = Spot(word.position.lat_deg, word.position.lon_deg)
    places = [Place(p.position.lat_deg, p.position.lon_deg, p.agency_id) for p in settings.posts]
    [whose] = near([spot], places, settings.policy.watch_radius_m)
    return not whose or any(eyes.may(viewer, one, Share.SIGHTINGS) for one in whose)


async def _replace(gateway: Gateway, before: WordReceived, word_id: str, caller: Caller) -> None:
    """A word that was said anew: its report, if it made one, is taken back, and it is settled."""
    if before.report_id is not None:
        await committed(gateway, _taken_back(before, gateway), caller.source)
    settled = WordSettled(
        word_id=before.word_id,
        by_person_id=caller.person.person_id,
        reason=f"corrected by {word_id}",
    )
    await committed(gateway, settled, caller.source)


def _taken_back(word: WordReceived, gateway: Gateway) -> Input:
    assert word.report_id is not None
    now = gateway.clock.now_ns()
    if word.report_id in gateway.view.sightings:
        return Sighting(report_id=word.report_id, t_obs_ns=now, withdrawn=True, via=word.via)
    return AttackReported(report_id=word.report_id, t_obs_ns=now, withdrawn=True, via=word.via)


# ---- SMS gateways ------------------------------------------------------------------------------


async def sms(gateway: Gateway, request: Request) -> Answer:
    """200 only after the commit, else the gateway sends it again; a retry is harmless."""
    if gateway.view.settings is None:
        raise starting()
    now_s = gateway.now_ms() // 1000
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "too many wrong keys from this address", fix="wait a minute")
    if not gateway.words.key:
        raise HttpError(
            503, "text messages are not set up", fix='name the key\'s file: [text] key_file = "…"'
        )
    fields, twilio = _fields(request)
    if not _proved(gateway, request, fields):
        gateway.guesses.failed(request.client, now_s=now_s)
        raise HttpError(
            403,
            "key",
            expected="X-Vigia-Key: KEY, or Twilio's signature made with it",
        )
    body = _sms(fields)
    digest = hashlib.sha256(f"{body.sender} {body.message_id} {body.text}".encode()).hexdigest()
    if not body.message_id:  # no name of its own: the same words within a minute are one
        digest = hashlib.sha256(f"{digest} {now_s // 60}".encode()).hexdigest()
    person_id = gateway.words.numbers.get(body.sender)
    person = None if person_id is None else gateway.view.people.get(person_id)
    mine = place_of(gateway.view, person_id) if person_id else None
    said = _understand(gateway, body.text, mine)
    report = Report(
        word_id=f"sms-{digest[:24]}",
        via=Via.TEXT,
        text=body.text,
        sender=body.sender,
        person_id=None if person is None else person_id,
        t_obs_ns=gateway.clock.now_ns(),
    )
    made = inputs_of(report, said, t_ns=gateway.clock.now_ns())
    if report.word_id not in gateway.words.open:
        for one in made.bodies:
            await committed(gateway, one, SOURCE)
    lang = Lang.EN if person is None else person.lang
    told = _told(gateway, said, made, lang)
    if twilio:
        reply = escape(f"{told['reply']} {told['understood']}".strip())
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{reply}</Message></Response>'
        )
        return Answer(200, text.encode(), b"text/xml; charset=utf-8")
    return json(told | {"received": True, "word_id": report.word_id})


def _fields(request: Request) -> tuple[dict[str, str], bool]:
    """Form or JSON -> its fields; whether it was Twilio's form. Raises HttpError(400)."""
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(
                request.body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX
            )
        except ValueError as e:
            raise HttpError(400, "form", expected=f"at most {FIELDS_MAX} fields, UTF-8") from e
        return dict(pairs), b"x-twilio-signature" in request.headers
    found = decode(request.body, _object)
    return {k: v for k, v in found.items() if isinstance(v, str)}, False


def _sms(fields: dict[str, str]) -> SmsIn:
    """The names that common gateways use. Raises HttpError(400)."""
    lower = {key.lower(): value for key, value in fields.items()}

    def first(*names: str) -> str:
        return next((lower[name] for name in names if lower.get(name)), "")

    sender = first("from", "sender", "msisdn", "originator", "phone", "number", "source")
    text = first("body", "text", "message", "content", "msg")
    if not sender or not text:
        raise HttpError(
            400, "message", got=", ".join(sorted(fields)), expected="sender (From) and text (Body)"
        )
    name = first("messagesid", "smssid", "message_id", "messageid", "id", "uuid")
    return SmsIn(sender=sender[:NUMBER_MAX], text=text[:TEXT_MAX], message_id=name[:ID_MAX])


def _proved(gateway: Gateway, request: Request, fields: dict[str, str]) -> bool:
    """By the key itself, or by Twilio's signature: HMAC-SHA1 of address and fields under it."""
    key = gateway.words.key.encode()
    said = request.headers.get(b"x-vigia-key")
    if said is not None:
        return hmac.compare_digest(said.strip(), key)
    signature = request.headers.get(b"x-twilio-signature")
    if signature is None:
        return False
    url = gateway.words.url or f"{gateway.base_url}{request.path}"
    told = url + "".join(name + fields[name] for name in sorted(fields))
    made = base64.b64encode(hmac.new(key, told.encode(), hashlib.sha1).digest())
    return hmac.compare_digest(made, signature)


# ---- both --------------------------------------------------------------------------------------


def _understand(gateway: Gateway, text: str, mine: Position | None) -> Understood:
    settings = gateway.view.settings
    if settings is None:
        raise starting()
    return understand(text, named_places(settings.posts), origin=settings.origin, mine=mine)


def _told(gateway: Gateway, said: Understood, made: Made, lang: Lang) -> dict[str, object]:
    settings = gateway.view.settings
    assert settings is not None
    words = words_of(lang)
    shown = echo(said, words, named_places(settings.posts)) if said.report else ""
    return {
        "counts": made.report_id is not None,
        "report_id": made.report_id,
        "why": said.why_not or ("" if made.report_id else "place"),
        "reply": words.get(made.reply, made.reply),
        "understood": shown,
        "attack": said.attack,
        "position": said.position,
    }


WORDS: dict[str, Private] = {"read_words": read_words, "take_words": take_words, "settle": settle}
WORDS_PUBLIC: dict[str, Public] = {"sms": sms}
