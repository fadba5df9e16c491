"""`[cap]` that was read -> what is wrong with it, the local time, and the pinned certificates.

Apart from the settings because it loads the XML and certificate libraries, which take a tenth of a
second that a start without CAP need not spend.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography import x509

from vigia.wire.cap import is_name
from vigia.wire.cap_rules import SCOPES
from vigia.wire.cap_sign import ANCHORS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.run.settings_cap import Cap

CODES_MAX = 16
RESTRICTION_MAX = 500
PEM_MAX = 1_000_000  # bytes of one file that are read


def cap_fault(cap: Cap, *, sends: bool) -> str | None:
    """What is wrong with the values: key, got, need. sends: a channel of this kind is set."""
    if (sends or cap.feed) and not cap.sender:
        return '[cap] sender: needed to send, such as "watch@agency.example"'
    if cap.sender and not is_name(cap.sender):
        return f"[cap] sender: got {cap.sender[:60]!r}; need no spaces, commas, < or &"
    if cap.scope not in SCOPES[:2]:
        return f"[cap] scope: got {cap.scope!r}; need {' or '.join(SCOPES[:2])}"
    if len(cap.restriction) > RESTRICTION_MAX:
        return f"[cap] restriction: got {len(cap.restriction)} characters; at most 500"
    if len(cap.codes) > CODES_MAX or len(cap.trust) > ANCHORS_MAX:
        return f"[cap] codes, trust: at most {CODES_MAX} and {ANCHORS_MAX}"
    try:
        ZoneInfo(cap.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f'[cap] time_zone: got {cap.time_zone!r}; need a name such as "America/Denver"'
    return None


def offset_min(cap: Cap, t_ns: int) -> int:
    """Local time minus UTC at that moment."""
    at = datetime.fromtimestamp(t_ns // 1_000_000_000, tz=UTC).astimezone(ZoneInfo(cap.time_zone))
    offset = at.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def load_anchors(paths: Sequence[str | Path]) -> list[x509.Certificate]:
    """All certificates of these PEM files. Raises ValueError that names the file."""
    found: list[x509.Certificate] = []
    for name in paths:
        try:
            found += x509.load_pem_x509_certificates(_read(Path(name)))
        except (OSError, ValueError) as e:
            raise ValueError(f"{name}: got no certificate ({e}); need a PEM file") from e
    if len(found) > ANCHORS_MAX:
        raise ValueError(f"trust: got {len(found)} certificates; need {ANCHORS_MAX} at most")
    return found


def _read(path: Path) -> bytes:
    with path.open("rb") as f:
        return f.read(PEM_MAX)
