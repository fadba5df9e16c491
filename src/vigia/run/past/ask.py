"""What the gateway asks of the reading process, and what comes back."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from vigia.events import CoreSettings, CoverTold, PersonAdded
from vigia.run import page_json as out
from vigia.run.settings_access import Access
from vigia.run.sharing import Viewer

HOURS_MAX = 12
SPAN_S_MAX = 900
STEP_MS_MAX = 60_000


class Asker(msgspec.Struct, frozen=True):
    """Who looks, and whom and what the gateway knows now: names, and whose things are."""

    viewer: Viewer
    access: Access
    settings: CoreSettings
    people: tuple[PersonAdded, ...]
    cover: tuple[CoverTold, ...]


class TimelineAsk(msgspec.Struct, frozen=True, tag="timeline"):
    """since_ns, now_ns: of the span that is drawn."""

    asker: Asker
    since_ns: int
    now_ns: int


class SpanAsk(msgspec.Struct, frozen=True, tag="span"):
    """What the pages were told from then on. whole: with what stood there at its begin."""

    asker: Asker
    from_ns: int
    until_ns: int
    step_ns: int
    whole: bool


Ask: TypeAlias = TimelineAsk | SpanAsk


class SpanIn(msgspec.Struct, frozen=True, kw_only=True):
    """POST /api/v1/replay. step_ms: pictures nearer to each other are left out."""

    from_ms: out.Ms
    span_s: Annotated[int, msgspec.Meta(ge=1, le=SPAN_S_MAX)]
    step_ms: Annotated[int, msgspec.Meta(ge=0, le=STEP_MS_MAX)] = 0
    whole: bool = False


class LeftOut(msgspec.Struct):
    """Why the past is not whole: said on the screen, never guessed at."""

    forgotten: int = 0  # the person's key is destroyed
    dropped: int = 0  # pictures whose bytes are not kept any more
    damaged: int = 0
    thinned: int = 0  # pictures left out for the step, or for room


class SpanOut(msgspec.Struct, frozen=True, kw_only=True):
    """messages: (at_ms, what a page was told), in order."""

    from_ms: int
    until_ms: int
    messages: list[tuple[int, out.ToPage]]
    left_out: LeftOut


class Step(msgspec.Struct, frozen=True):
    t_ms: int
    tier: int


class EpisodeOut(msgspec.Struct, kw_only=True):
    """One incident's alerts. end_ms None: still open, as far as was read."""

    incident_id: str
    tier: int
    begin_ms: int
    end_ms: int | None
    mark: str
    steps: list[Step]


class LostOut(msgspec.Struct, kw_only=True):
    """A post whose watch was lost. to_ms None: still."""

    target_id: str
    name: str
    from_ms: int
    to_ms: int | None


class SeenOut(msgspec.Struct, frozen=True):
    t_ms: int
    sense: str


class ActOut(msgspec.Struct, frozen=True):
    """What somebody did to the watch; kind is a word of the page's catalogue."""

    t_ms: int
    kind: str
    by: str | None


class TimelineOut(msgspec.Struct, frozen=True, kw_only=True):
    """known_from_ms: what is older has not been read yet; ask again."""

    since_ms: int
    now_ms: int
    known_from_ms: int
    alerts: list[EpisodeOut]
    sightings: list[SeenOut]
    lost: list[LostOut]
    acts: list[ActOut]
    restarts: list[int]
    left_out: int


class Said(msgspec.Struct, frozen=True):
    """status: as of HTTP. body: JSON."""

    status: int
    body: bytes
