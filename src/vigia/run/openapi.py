"""The table of doors and the types of their messages -> an OpenAPI 3.1 document.

Nothing is written twice: paths and roles come from roles.ROUTES, schemas from the structs that the
handlers decode and encode. `vigia openapi` prints what is served at /api/v1/openapi.json.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from vigia import __version__
from vigia.records import approval, casualty, readiness
from vigia.run import (
    access_json,
    http_acks,
    http_flights,
    http_push,
    http_reach,
    http_tak,
    http_words,
    page_acts,
    page_json,
    paper_cover,
)
from vigia.run.asgi import Answer, Request
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Public
from vigia.run.past import ask as past
from vigia.run.records import analysis, bulletins, doors, first_aid, handover
from vigia.run.roles import ROUTES, Open, Route
from vigia.wire import observations

Json = dict[str, Any]  # Any: a JSON document
REFS = "#/components/schemas/{name}"


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """On disk."""

    received: bool
    seq: int | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer from 400 on."""

    error: page_json.ErrorOut


class Types(NamedTuple):
    """body: what a POST takes; answer: what a 200 says. None: not JSON of one shape."""

    body: type | None = None
    answer: type | None = None


# By handler. A POST without a row here is told as "some JSON"; test_openapi.py bounds how many.
TYPES: dict[str, Types] = {
    "enrol": Types(page_json.EnrolIn),
    "take_words": Types(http_words.WordsIn),
    "settle": Types(http_words.SettleIn),
    "sms": Types(http_words.SmsIn),
    "make_tak_package": Types(http_tak.TakPackageIn),
    "challenge": Types(page_json.ChallengeIn),
    "open_session": Types(page_json.SessionIn, access_json.BegunOut),
    "sign_in_ways": Types(None, access_json.SignInWays),
    "by_password": Types(access_json.PasswordIn, access_json.BegunOut),
    "by_recovery": Types(access_json.RecoveryIn, access_json.BegunOut),
    "claim": Types(access_json.ClaimIn, access_json.BegunOut),
    "passkey_begin": Types(None, access_json.OptionsOut),
    "by_passkey": Types(access_json.PasskeyIn, access_json.BegunOut),
    "passkey_new": Types(None, access_json.OptionsOut),
    "passkey_add": Types(access_json.PasskeyIn, Received),
    "account": Types(None, access_json.AccountOut),
    "set_password": Types(access_json.AccountIn, access_json.CodesOut),
    "sessions": Types(None, access_json.SessionsOut),
    "end_session": Types(access_json.EndIn, access_json.EndedOut),
    "end_person": Types(access_json.EndIn, access_json.EndedOut),
    "sign_out": Types(None, access_json.EndedOut),
    "keys": Types(None, access_json.KeysOut),
    "make_key": Types(access_json.KeyIn, access_json.KeyMade),
    "revoke_key": Types(page_acts.ReasonIn, access_json.EndedOut),
    "heartbeat": Types(None, Received),
    "operators": Types(access_json.LookIn, access_json.OperatorsOut),
    "invite": Types(page_json.InvitationIn),
    "revoke": Types(page_json.RevokeIn, Received),
    "report": Types(page_json.SightingIn),
    "all_clear": Types(page_acts.AllClearIn),
    "reverse": Types(page_acts.ReverseIn, Received),
    "raise_alerts": Types(page_acts.RaiseIn),
    "not_a_drone": Types(page_acts.ReasonIn, Received),
    "friendly": Types(page_acts.ReasonIn, Received),
    "identify": Types(page_acts.IdentityIn, Received),
    "confirm": Types(page_acts.ReasonIn, Received),
    "undo": Types(page_acts.ReasonIn, Received),
    "acknowledge": Types(http_acks.AckPost, Received),
    "subscribe": Types(http_push.Subscription),
    "unsubscribe": Types(http_push.Subscription),
    "push_heartbeat": Types(http_push.BeatIn),
    "observe": Types(observations.ObservationsIn),
    "observe_stream": Types(observations.ObservationsIn),
    "keep_record": Types(doors.KeepIn),
    "import_incidents": Types(doors.ImportIn),
    "timeline": Types(None, past.TimelineOut),
    "replay": Types(past.SpanIn),
    "plan": Types(None, paper_cover.PlanBoard),
    "sign_handover": Types(handover.SignIn),
    "take_handover": Types(handover.TakeIn),
    "count_incidents": Types(analysis.CountIn),
    "draw_incidents": Types(analysis.CountIn),
    "report_incidents": Types(analysis.CountIn),
    "read_bulletin": Types(bulletins.ReadIn),
    "write_bulletin": Types(bulletins.BulletinIn),
    "release_bulletin": Types(bulletins.StepIn),
    "recall_bulletin": Types(bulletins.StepIn),
    "remind_bulletin": Types(bulletins.StepIn),
    "say_casualty": Types(casualty.Word),
    "check_kit": Types(readiness.Check),
    "keep_kit": Types(first_aid.KitIn),
    "approve_first_aid": Types(approval.Approval),
    "drill": Types(http_reach.DrillIn),
    "authorise_flight": Types(http_flights.FlightIn),
}
NO_BODY = frozenset(
    {
        "passkey_begin",
        "passkey_new",
        "sign_out",
        "heartbeat",
        "incident_from_episode",
        "passkey_remove",
    }
)  # POSTs that take none


def document() -> Json:
    """The whole of it, as JSON values."""
    kinds = {t for pair in TYPES.values() for t in pair if t is not None} | {Refusal}
    _, schemas = msgspec.json.schema_components(
        sorted(kinds, key=lambda t: t.__name__), ref_template=REFS
    )
    paths: Json = {}
    for route in ROUTES:
        if not route.path.startswith("/api/"):
            continue
        path = route.path.replace("*}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vigia",
            "version": __version__,
            "description": "What pages and services say to the gateway: docs/web-protocol.md.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "vigia_session"},
                "service": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route) -> Json:
    types = TYPES.get(route.handler, Types())
    names = re.findall(r"\{(\w+)\*?\}", route.path)
    found: Json = {
        "operationId": f"{route.method.lower()}_{route.handler}",
        "summary": _needs(route),
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^/]+$"},
            }
            for name in names
        ],
        "responses": {
            "200": {"description": "done"} | _content(types.answer),
            "default": {"description": "refused: what, got, expected, fix"} | _content(Refusal),
        },
    }
    if types.body is not None:
        found["requestBody"] = {"required": True} | _content(types.body)
    elif route.method == "POST" and route.handler not in NO_BODY:
        found["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    if not isinstance(route.need, Open):
        sensor = {r.value for r in route.need} == {"sensor"}
        found["security"] = [{"service": []}] if sensor else [{"session": []}]
    return found


def _needs(route: Route) -> str:
    if isinstance(route.need, Open):
        return route.need.value
    return "roles: " + ", ".join(sorted(r.value for r in route.need))


def _content(kind: type | None) -> Json:
    if kind is None:
        return {}
    return {"content": {"application/json": {"schema": {"$ref": REFS.format(name=kind.__name__)}}}}


async def openapi(gateway: Gateway, request: Request) -> Answer:
    return Answer(200, msgspec.json.encode(document()))


PUBLIC: dict[str, Public] = {"openapi": openapi}
