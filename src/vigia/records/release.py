"""May this person keep this next version of a bulletin? And whom does it go to?"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, radians

from msgspec.structs import replace

from vigia.events import CoreSettings, PersonAdded
from vigia.records.bulletin import Bulletin, BulletinStatus, unready
from vigia.records.common import iso_time
from vigia.terms import Role

RELEASERS = frozenset({Role.RELEASER, Role.ADMIN})
_DEG_M = 111_200.0
Step = tuple[str | None, Bulletin]  # who kept it (None: the machine), and what


def why_not(past: Sequence[Step], new: Bulletin, *, by: str, role: Role) -> str | None:
    """past: all versions, oldest first. None: it may be kept. The text says what to do."""
    last = past[-1][1] if past else None
    if new.status is BulletinStatus.RELEASED:
        return _why_not_release(past, new, by=by, role=role)
    if new.status is BulletinStatus.RECALLED:
        if last is None or last.status is not BulletinStatus.RELEASED:
            return "recall: only a released bulletin can be recalled"
        if role not in RELEASERS:
            return "recall: only a releaser recalls"
        if not new.reason.en.strip() or not new.reason.es.strip():
            return "recall: say why, in English and Spanish"
        same = replace(new, status=last.status, reason=last.reason) == last
        return None if same else "recall: the text stays as it was released; only a reason is added"
    if last is not None and last.status is BulletinStatus.RECALLED:
        return "a recalled bulletin stays recalled: write a new one"
    return None


def _why_not_release(past: Sequence[Step], new: Bulletin, *, by: str, role: Role) -> str | None:
    last = past[-1][1] if past else None
    if role not in RELEASERS:
        return "release: only a releaser releases"
    if last is None or last.status is not BulletinStatus.REVIEW:
        return "release: it must be in review first"
    if by in authors(past):
        return "release: two persons: whoever wrote it cannot release it"
    kept = replace(
        new,
        status=last.status,
        number=last.number,
        edition=last.edition,
        supersedes=last.supersedes,
        issued=last.issued,
        released_by=last.released_by,
    )
    if kept != last:
        return "release: the text was changed: keep the change, and let somebody else release it"
    missing = unready(new)
    if missing:
        return f"release: not ready: {'; '.join(missing[:8])}"
    return None


def authors(past: Sequence[Step]) -> frozenset[str]:
    """Who has written at it since the last release."""
    found: set[str] = set()
    for by, version in reversed(past):
        if version.status in (BulletinStatus.RELEASED, BulletinStatus.RECALLED):
            break
        found.add(by or "")
    return frozenset(found)


def released_as(past: Sequence[Step], *, number: str, issued: str, name: str) -> Bulletin:
    """The newest version as it is released. number: used when it has none yet.

    Raises ValueError when there is nothing to release.
    """
    if not past:
        raise ValueError("release: there is no such bulletin")
    last = past[-1][1]
    before = [b for _, b in past if b.status is BulletinStatus.RELEASED]
    edition = len(before) + 1
    earlier = f"{before[-1].number} edition {before[-1].edition}" if before else last.supersedes
    return replace(
        last,
        status=BulletinStatus.RELEASED,
        number=last.number or number,
        edition=edition,
        supersedes=earlier,
        issued=issued,
        released_by=name,
    )


def next_number(taken: Sequence[str], *, prefix: str, year: int) -> str:
    """Such as OSA-2026-007; numbers are never used twice."""
    head = f"{prefix}-{year}-"
    used = [int(n[len(head) :]) for n in taken if n.startswith(head) and n[len(head) :].isdigit()]
    return f"{head}{max(used, default=0) + 1:03d}"


def in_force(b: Bulletin, t_ns: int) -> bool:
    """Released, and its time has begun and not run out."""
    if b.status is not BulletinStatus.RELEASED:
        return False
    t_s = t_ns / 1e9
    begins = iso_time(b.effective, "effective").timestamp()
    return begins <= t_s < iso_time(b.expires, "expires").timestamp()


def recipients(
    b: Bulletin, people: Sequence[PersonAdded], settings: CoreSettings
) -> list[PersonAdded]:
    """Whom it is for. By area: people whose post lies in it; without a post, everybody's."""
    to = b.recipients
    posts = {p.post_id: p.position for p in settings.posts}

    def fits(person: PersonAdded) -> bool:
        if to.agencies and person.agency_id not in to.agencies:
            return False
        if to.roles and person.role not in to.roles:
            return False
        if to.posts and person.post_id not in to.posts:
            return False
        at = posts.get(person.post_id or "")
        if to.area is None or at is None:
            return True
        lat, lon, radius_m = to.area
        north = (at.lat_deg - lat) * _DEG_M
        east = (at.lon_deg - lon) * _DEG_M * cos(radians(lat))
        return hypot(north, east) <= radius_m

    return [p for p in people if p.role is not Role.SENSOR and fits(p)]
