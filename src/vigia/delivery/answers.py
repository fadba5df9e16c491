"""What channels and people answer -> how far alerts got, and the next channel where none could.

The door of the delivery stage for inputs; plan.py is the one for alerts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from vigia.admission import CORE
from vigia.delivery import plan
from vigia.events import Acknowledged, Fault, HandedOver, Reached
from vigia.events_reach import ContactSet, ToldByRadio
from vigia.terms import Role

if TYPE_CHECKING:
    from vigia.delivery.chase import ReachState
    from vigia.events import CoreSettings
    from vigia.roster import Roster

Answer: TypeAlias = Acknowledged | HandedOver | ContactSet | ToldByRadio


def take(
    state: ReachState,
    body: Answer,
    is_open: plan.Open,
    settings: CoreSettings,
    roster: Roster,
    t_ns: int,
) -> list[plan.Step | Reached | Fault]:
    match body:
        case Acknowledged():
            reached = plan.acknowledge(state, body)
            return [*plan.answered(state, body), *([] if reached is None else [reached])]
        case HandedOver():
            return [*plan.receipt(state, body, is_open, settings, t_ns)]
        case ContactSet():
            return _refusal(plan.contact(state, body, known=body.person_id in roster.people))
        case ToldByRadio():
            why = f"told by radio: {body.by_person_id} is not a watch officer"
            if roster.may(body.by_person_id, Role.WATCH_OFFICER):
                why = plan.told_by_radio(state, body)
            return [*_refusal(why), *([] if why else plan.answered(state, body))]


def _refusal(why: str | None) -> list[plan.Step | Reached | Fault]:
    return [] if why is None else [Fault(where=CORE, whose="peer", what=why)]
