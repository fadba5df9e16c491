"""Run -> Story: what was said to whom and when, arranged for the rules of invariants.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.events import Alert, Delivery, TrackEnded, TracksPublished
from vigia.run.simulate.oracle import Danger, Received, dangers
from vigia.run.simulate.world import seconds
from vigia.terms import MsgType, Tier
from vigia.tracktable import published_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vigia.run.simulate.driver import Run, Step
    from vigia.run.simulate.world import Span


class Said(msgspec.Struct, frozen=True):
    """One revision, the step that caused it and the deliveries that left with it."""

    t_ns: int
    step: Step
    alert: Alert
    deliveries: tuple[Delivery, ...]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """lost_alerts: said by the process that died, by inputs that the next one never saw."""

    run: Run
    down: Span | None
    received: tuple[Received, ...]
    dangers: tuple[Danger, ...]
    said: tuple[Said, ...]
    by_alert: dict[str, list[Said]]
    lost_alerts: tuple[Alert, ...]
    pictures: tuple[tuple[int, NDArray[np.void]], ...]
    ended: dict[str, int]  # track -> t_ns

    def last_before(self, person_id: str, t_ns: int) -> Said | None:
        """What a person had been told by then: of his alerts' last revisions the gravest."""
        last: dict[str, Said] = {}
        for said in self.said:
            if said.t_ns < t_ns and said.alert.person_id == person_id:
                last[said.alert.alert_id] = said
        return max(last.values(), key=lambda s: (stands(s), s.t_ns), default=None)

    def near_crash(self, t_ns: int, *, margin_s: float) -> bool:
        if self.down is None:
            return False
        return self.down[0] - margin_s <= seconds(t_ns) <= self.down[1] + margin_s


def tell(run: Run) -> Story:
    down: Span | None = None
    if run.t_crash_ns is not None and run.t_back_ns is not None:
        down = (seconds(run.t_crash_ns), seconds(run.t_back_ns))
    received = tuple(
        Received(seconds(s.event.t_recv_ns), s.emission)
        for s in run.steps
        if s.emission is not None
    )
    said = tuple(_said(run.steps))
    by_alert: dict[str, list[Said]] = {}
    for one in said:
        by_alert.setdefault(one.alert.alert_id, []).append(one)
    pictures: list[tuple[int, NDArray[np.void]]] = []
    ended: dict[str, int] = {}
    for step in run.steps:
        for decision in step.decisions:
            body = decision.body
            if isinstance(body, TracksPublished):
                pictures.append((step.event.t_recv_ns, published_rows(body.data)))
            elif isinstance(body, TrackEnded):
                ended.setdefault(body.track_id, step.event.t_recv_ns)
    lost = [d.body for s in run.lost for d in s.decisions]
    return Story(
        run=run,
        down=down,
        received=received,
        dangers=tuple(dangers(run.world, received, down=down)),
        said=said,
        by_alert=by_alert,
        lost_alerts=tuple(b for b in lost if isinstance(b, Alert)),
        pictures=tuple(pictures),
        ended=ended,
    )


def _said(steps: Sequence[Step]) -> list[Said]:
    found: list[Said] = []
    for step in steps:
        bodies = [d.body for d in step.decisions]
        deliveries = [b for b in bodies if isinstance(b, Delivery)]
        for body in bodies:
            if isinstance(body, Alert):
                own = tuple(
                    d
                    for d in deliveries
                    if (d.alert_id, d.revision) == (body.alert_id, body.revision)
                )
                found.append(Said(step.event.t_recv_ns, step, body, own))
    return found


def stands(said: Said | None) -> Tier:
    """The tier that is in force after this revision."""
    if said is None or said.alert.msg_type is MsgType.CANCEL:
        return Tier.NONE
    return said.alert.tier
