"""A CAP message that another agency sent us, and what it was worth when it came.

A received message never warns anybody by itself: a person reads it and decides.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from vigia.records.common import Record

if TYPE_CHECKING:
    from vigia.wire.cap_sign import Verdict

TEXT_MAX = 1_000


class CapReceived(Record, frozen=True, kw_only=True, omit_defaults=True):
    """trust: a word of cap_sign.Trust. raw: as it came, so that it can be judged again."""

    trust: str
    sha256: str
    raw: bytes
    why: str = ""
    signer: str | None = None
    signer_name: str | None = None
    identifier: str = ""
    sender: str = ""
    sent: str = ""
    status: str = ""
    msg_type: str = ""
    scope: str = ""
    restriction: str = ""
    event: str = ""
    urgency: str = ""
    severity: str = ""
    certainty: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    expires: str = ""
    area: str = ""


def received(raw: bytes, verdict: Verdict) -> CapReceived:
    """Of several languages English, else the first."""
    base = CapReceived(
        trust=verdict.trust.value,
        sha256=sha256(raw).hexdigest(),
        raw=raw,
        why=verdict.why[:TEXT_MAX],
        signer=verdict.signer,
        signer_name=verdict.signer_name,
    )
    message = verdict.message
    if message is None:
        return base
    english = [i for i in message.infos if i.language.lower().startswith("en")]
    info = next(iter([*english, *message.infos]), None)
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    fields |= {
        "identifier": message.identifier,
        "sender": message.sender,
        "sent": message.sent,
        "status": message.status,
        "msg_type": message.msg_type,
        "scope": message.scope,
        "restriction": (message.restriction or "")[:TEXT_MAX],
    }
    if info is not None:
        fields |= {
            "event": info.event[:TEXT_MAX],
            "urgency": info.urgency,
            "severity": info.severity,
            "certainty": info.certainty,
            "headline": (info.headline or "")[:TEXT_MAX],
            "description": (info.description or "")[:TEXT_MAX],
            "instruction": (info.instruction or "")[:TEXT_MAX],
            "expires": info.expires or "",
            "area": ", ".join(a.desc for a in info.areas)[:TEXT_MAX],
        }
    return CapReceived(**fields)
