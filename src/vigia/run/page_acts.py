"""What people may do to alerts through a page, and how places are watched, as types of the pages.

docs/web-protocol.md in Python; see page_json.py for units.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from vigia.event_base import ID_MAX, TEXT_MAX
from vigia.events import CoverTold
from vigia.terms import Identity

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_MAX)]
Reason: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
ACCEPTS_MAX = 1_000
TARGETS_MAX = 1_000
RADIUS_MAX_M = 50_000.0


class AllClearIn(msgspec.Struct, frozen=True, kw_only=True):
    """accepts: `open` of the answer that asked back; then it is given."""

    reason: Reason
    incident_id: Id | None = None
    clear_id: Id | None = None
    accepts: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=2 * ID_MAX)], ...],
        msgspec.Meta(max_length=ACCEPTS_MAX),
    ] = ()


class ReverseIn(msgspec.Struct, frozen=True, kw_only=True):
    reason: Reason
    clear_id: Id | None = None


class RaiseIn(msgspec.Struct, frozen=True, kw_only=True):
    """tier: 1 WATCH, 2 WARNING, 3 DANGER."""

    reason: Reason
    tier: Literal[1, 2, 3]
    raise_id: Id | None = None
    incident_id: Id | None = None
    target_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=TARGETS_MAX)] = ()
    radius_m: Annotated[float, msgspec.Meta(ge=0, le=RADIUS_MAX_M)] = 0.0


class IdentityIn(msgspec.Struct, frozen=True, kw_only=True):
    identity: Identity
    reason: Reason


class ReasonIn(msgspec.Struct, frozen=True, kw_only=True):
    """Mark friendly, confirm, undo."""

    reason: Reason


class CallsOut(msgspec.Struct, frozen=True, tag_field="t", tag="calls"):
    """The radio desk's list changed; GET /reach has it, as far as the viewer may see."""


class ClassCoverOut(msgspec.Struct, frozen=True):
    drones: str
    watched: str
    points: tuple[str, ...]
    kinds: tuple[str, ...]


class CoverOut(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="cover"):
    """How a post, or a person elsewhere, is watched. watched: watched, partly, unproved, lost,
    none."""

    target_id: str
    watched: str
    since_ms: int
    classes: tuple[ClassCoverOut, ...]


def cover_out(body: CoverTold) -> CoverOut:
    return CoverOut(
        target_id=body.target_id,
        watched=body.watched.value,
        since_ms=body.t_since_ns // 1_000_000,
        classes=tuple(
            ClassCoverOut(c.drones.value, c.watched.value, c.points, c.kinds) for c in body.classes
        ),
    )


class LooksIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="looks"):
    """Is the page in view? Pictures go only to who looks; all else goes on."""

    on: bool
