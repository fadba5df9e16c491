"""Every door of the gateway and the roles it takes: the one table the guard reads.

Whoever adds an endpoint or a message adds a row here, and a row of its expectation in
tests/test_access_table.py, which walks all rows with all roles and with another agency.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from vigia.terms import Role


class Open(Enum):
    """Needs no session. What is behind it proves itself otherwise, or tells nothing."""

    PUBLIC = "public"  # static files, the one-time token, the device's key, a password
    LOOPBACK = "loopback"  # only from this machine


Need: TypeAlias = Open | frozenset[Role]

PEOPLE = frozenset(Role) - {Role.SENSOR}
ANYONE_ENROLLED = PEOPLE
REPORTERS = PEOPLE - {Role.VIEWER}
CONSOLE = PEOPLE - {Role.OFFICER}  # whose pages show more than their own
OFFICERS = frozenset({Role.WATCH_OFFICER, Role.ADMIN})
READERS = frozenset({Role.WATCH_OFFICER, Role.ANALYST, Role.RELEASER, Role.ADMIN})
ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
RELEASERS = frozenset({Role.RELEASER, Role.ADMIN})
SENSORS = frozenset({Role.SENSOR})


class Route(NamedTuple):
    """path: `{name}` stands for one part, a last `{name*}` for the rest."""

    method: str
    path: str
    need: Need
    handler: str  # name in http_api.HANDLERS


ROUTES: tuple[Route, ...] = (
    # pages and files
    Route("GET", "/", Open.PUBLIC, "phone_page"),
    Route("GET", "/console", Open.PUBLIC, "console_page"),
    Route("GET", "/enrol", Open.PUBLIC, "enrol_page"),
    Route("GET", "/sign-in", Open.PUBLIC, "sign_in_page"),
    Route("GET", "/account", Open.PUBLIC, "account_page"),
    Route("GET", "/sw.js", Open.PUBLIC, "service_worker"),
    Route("GET", "/manifest.webmanifest", Open.PUBLIC, "manifest"),
    Route("GET", "/favicon.ico", Open.PUBLIC, "favicon"),
    Route("GET", "/static/{path*}", Open.PUBLIC, "static_file"),
    Route("GET", "/tiles/{layer}/{z}/{x}/{y}", Open.PUBLIC, "tile"),
    Route("GET", "/api/v1/maps", ANYONE_ENROLLED, "maps"),
    Route("GET", "/maps/{name}/{z}/{x}/{y}", ANYONE_ENROLLED, "map_tile"),
    Route("GET", "/ca.crt", Open.PUBLIC, "ca_certificate"),
    # who
    Route("POST", "/api/v1/enrol", Open.PUBLIC, "enrol"),
    Route("POST", "/api/v1/session/challenge", Open.PUBLIC, "challenge"),
    Route("POST", "/api/v1/session", Open.PUBLIC, "open_session"),
    Route("GET", "/api/v1/me", ANYONE_ENROLLED, "me"),
    Route("POST", "/api/v1/invitations", OFFICERS, "invite"),
    Route("GET", "/api/v1/devices", ADMINS, "devices"),
    Route("POST", "/api/v1/devices/{device_id}/revoke", ADMINS, "revoke"),
    Route("GET", "/api/v1/openapi.json", Open.PUBLIC, "openapi"),
    Route("GET", "/api/v1/sign-in", Open.PUBLIC, "sign_in_ways"),
    Route("POST", "/api/v1/sign-in/password", Open.PUBLIC, "by_password"),
    Route("POST", "/api/v1/sign-in/recovery", Open.PUBLIC, "by_recovery"),
    Route("POST", "/api/v1/sign-in/claim", Open.PUBLIC, "claim"),
    Route("POST", "/api/v1/sign-in/passkey/begin", Open.PUBLIC, "passkey_begin"),
    Route("POST", "/api/v1/sign-in/passkey", Open.PUBLIC, "by_passkey"),
    Route("GET", "/api/v1/sign-in/oidc", Open.PUBLIC, "oidc_begin"),
    Route("GET", "/api/v1/sign-in/oidc/back", Open.PUBLIC, "oidc_back"),
    Route("POST", "/api/v1/account/passkeys/begin", CONSOLE, "passkey_new"),
    Route("POST", "/api/v1/account/passkeys", CONSOLE, "passkey_add"),
    Route("POST", "/api/v1/account/passkeys/{passkey_id}/remove", CONSOLE, "passkey_remove"),
    Route("GET", "/api/v1/account", CONSOLE, "account"),
    Route("POST", "/api/v1/account/password", CONSOLE, "set_password"),
    Route("GET", "/api/v1/sessions", ANYONE_ENROLLED, "sessions"),
    Route("POST", "/api/v1/sessions/{login_id}/end", ANYONE_ENROLLED, "end_session"),
    Route("POST", "/api/v1/people/{person_id}/end-sessions", ANYONE_ENROLLED, "end_person"),
    Route("POST", "/api/v1/sign-out", ANYONE_ENROLLED, "sign_out"),
    Route("GET", "/api/v1/keys", ADMINS, "keys"),
    Route("POST", "/api/v1/keys", ADMINS, "make_key"),
    Route("POST", "/api/v1/keys/{key_id}/revoke", ADMINS, "revoke_key"),
    Route("POST", "/api/v1/sensors/{sensor_id}/heartbeat", SENSORS, "heartbeat"),
    Route("POST", "/api/v1/operators", READERS, "operators"),
    # reports and acts
    Route("POST", "/api/v1/sightings", REPORTERS, "report"),
    Route("POST", "/api/v1/acknowledgements", ANYONE_ENROLLED, "acknowledge"),
    Route("GET", "/api/v1/push/key", ANYONE_ENROLLED, "push_key"),
    Route("POST", "/api/v1/push/subscription", ANYONE_ENROLLED, "subscribe"),
    Route("POST", "/api/v1/push/unsubscribe", ANYONE_ENROLLED, "unsubscribe"),
    Route("POST", "/api/v1/push/heartbeat", ANYONE_ENROLLED, "push_heartbeat"),
    Route("POST", "/api/v1/all-clear", OFFICERS, "all_clear"),
    Route("POST", "/api/v1/tracks/{track_id}/not-a-drone", OFFICERS, "not_a_drone"),
    Route("POST", "/api/v1/all-clear/reverse", OFFICERS, "reverse"),
    Route("POST", "/api/v1/raise", OFFICERS, "raise_alerts"),
    Route("POST", "/api/v1/tracks/{track_id}/friendly", OFFICERS, "friendly"),
    Route("POST", "/api/v1/tracks/{track_id}/identity", OFFICERS, "identify"),
    Route("POST", "/api/v1/attacks/{report_id}/confirm", OFFICERS, "confirm"),
    Route("POST", "/api/v1/orders/{order_id}/undo", OFFICERS, "undo"),
    Route("POST", "/api/v1/flights", OFFICERS, "authorise_flight"),
    Route("GET", "/api/v1/flights", READERS, "flights"),
    Route("POST", "/api/v1/alerts/{alert_id}/told", OFFICERS, "told_by_radio"),
    Route("POST", "/api/v1/drills", OFFICERS, "drill"),
    # who is reached how
    Route("GET", "/api/v1/reach", OFFICERS, "reach"),
    Route("GET", "/api/v1/drills", READERS, "drills"),
    Route("GET", "/api/v1/contacts", ADMINS, "contacts"),
    Route("POST", "/api/v1/contacts", ADMINS, "set_contacts"),
    # words
    Route("GET", "/api/v1/words", OFFICERS, "read_words"),
    Route("POST", "/api/v1/words", OFFICERS, "take_words"),
    Route("POST", "/api/v1/words/{word_id}/settle", OFFICERS, "settle"),
    Route("POST", "/api/v1/sms", Open.PUBLIC, "sms"),
    Route("POST", "/api/v1/tak/packages", ADMINS, "make_tak_package"),
    Route("GET", "/api/v1/tak/packages/{token}", Open.PUBLIC, "take_tak_package"),
    # reading
    Route("GET", "/api/v1/status", ANYONE_ENROLLED, "status"),
    Route("GET", "/api/v1/sightings", READERS, "sightings"),
    Route("GET", "/api/v1/alerts", READERS, "alerts"),
    Route("GET", "/api/v1/replay/timeline", READERS, "timeline"),
    Route("POST", "/api/v1/replay", READERS, "replay"),
    Route("GET", "/api/v1/ledger/checkpoint", ANALYSTS, "ledger_checkpoint"),
    Route("GET", "/api/v1/ledger/entries", ANALYSTS, "ledger_entries"),
    Route("GET", "/api/v1/ledger/witnesses", READERS, "witnesses"),
    Route("POST", "/api/v1/witness/add-checkpoint", Open.PUBLIC, "add_checkpoint"),
    # other agencies' messages, and ours to them
    Route("GET", "/cap/feed.atom", ANYONE_ENROLLED, "cap_feed"),
    Route("GET", "/cap/{name}", ANYONE_ENROLLED, "cap_document"),
    Route("POST", "/api/v1/cap", OFFICERS, "receive_cap"),
    Route("GET", "/api/v1/cap", READERS, "received_cap"),
    # the desk's records
    Route("GET", "/api/v1/records/{kind}", READERS, "records"),
    Route("GET", "/api/v1/records/{kind}/{record_id}", READERS, "record"),
    Route("POST", "/api/v1/records/{kind}/{record_id}", READERS, "keep_record"),
    Route("POST", "/api/v1/incidents/import", ANALYSTS, "import_incidents"),
    Route("POST", "/api/v1/incidents/count", READERS, "count_incidents"),
    Route("POST", "/api/v1/incidents/figures", READERS, "draw_incidents"),
    Route("POST", "/api/v1/incidents/report", READERS, "report_incidents"),
    Route("POST", "/api/v1/incidents/from-episode/{incident_id}", READERS, "incident_from_episode"),
    Route("GET", "/api/v1/incidents/alike", READERS, "alike_incidents"),
    Route("GET", "/api/v1/incidents/export", ANALYSTS, "export_incidents"),
    Route("GET", "/api/v1/claims/{record_id}/confront", READERS, "confront_claim"),
    # bulletins
    Route("GET", "/api/v1/bulletins", ANYONE_ENROLLED, "bulletins"),
    Route("POST", "/api/v1/bulletins/{record_id}/read", ANYONE_ENROLLED, "read_bulletin"),
    Route("GET", "/api/v1/bulletins/{record_id}/print", ANYONE_ENROLLED, "print_bulletin"),
    Route("GET", "/api/v1/desk/bulletins", READERS, "bulletin_desk"),
    Route("GET", "/api/v1/desk/bulletins/template", READERS, "bulletin_template"),
    Route("POST", "/api/v1/desk/bulletins/{record_id}", READERS, "write_bulletin"),
    Route("POST", "/api/v1/desk/bulletins/{record_id}/release", RELEASERS, "release_bulletin"),
    Route("POST", "/api/v1/desk/bulletins/{record_id}/recall", RELEASERS, "recall_bulletin"),
    Route("POST", "/api/v1/desk/bulletins/{record_id}/remind", READERS, "remind_bulletin"),
    # first aid
    Route("POST", "/api/v1/casualties/{record_id}", REPORTERS, "say_casualty"),
    Route("GET", "/api/v1/casualties", ANYONE_ENROLLED, "casualties"),
    Route("GET", "/api/v1/first-aid", ANYONE_ENROLLED, "first_aid_near"),
    Route("POST", "/api/v1/first-aid/check", REPORTERS, "check_kit"),
    Route("POST", "/api/v1/first-aid/kits/{record_id}", OFFICERS, "keep_kit"),
    Route("GET", "/api/v1/first-aid/ready", READERS, "ready_board"),
    Route("POST", "/api/v1/first-aid/approve", ADMINS, "approve_first_aid"),
    # the shift and the plan
    Route("GET", "/api/v1/handover", OFFICERS, "handovers"),
    Route("GET", "/api/v1/handover/draft", OFFICERS, "draft_handover"),
    Route("POST", "/api/v1/handover", OFFICERS, "sign_handover"),
    Route("POST", "/api/v1/handover/{record_id}/take", OFFICERS, "take_handover"),
    Route("GET", "/api/v1/plan", READERS, "plan"),
    # sensors
    Route("POST", "/api/v1/observations", Open.PUBLIC, "observe"),
    Route("POST", "/api/v1/observations/stream", Open.PUBLIC, "observe_stream"),
    Route("GET", "/api/v1/observations/openapi.json", Open.PUBLIC, "observe_openapi"),
    Route("GET", "/api/v1/sensors", Open.LOOPBACK, "sensors"),
    Route("GET", "/metrics", Open.LOOPBACK, "metrics"),
)

SOCKET = Route("GET", "/ws", ANYONE_ENROLLED, "")

# What a service key may read, where its owner says so: handlers by word.
READS: dict[str, frozenset[str]] = {"cap": frozenset({"cap_feed", "cap_document"})}

MESSAGES: dict[str, frozenset[Role]] = {
    "holds": ANYONE_ENROLLED,
    "ack": ANYONE_ENROLLED,
    "on_watch": ANYONE_ENROLLED,
    "position": ANYONE_ENROLLED,
    "ping": ANYONE_ENROLLED,
    "looks": CONSOLE,
}


def may_invite(inviter: Role, invited: Role) -> bool:
    """A watch officer brings in officers and viewers; only an admin anybody else. A service is
    no person: it gets a key."""
    if invited is Role.SENSOR:
        return False
    return inviter is Role.ADMIN or (
        inviter is Role.WATCH_OFFICER and invited in (Role.OFFICER, Role.VIEWER)
    )


def allows(need: Need, role: Role | None, *, loopback: bool) -> bool:
    """role None: no session."""
    match need:
        case Open.PUBLIC:
            return True
        case Open.LOOPBACK:
            return loopback
        case _:
            return role is not None and role in need
