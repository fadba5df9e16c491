"""A named person's all clear -> what is still open is asked back; then ends; can be reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from vigia.alert.fear import expires_ns
from vigia.alert.policy import urgency
from vigia.alert.raised import Whom, give
from vigia.alert.state import Cleared, Order
from vigia.events import AllClearAsked
from vigia.terms import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vigia.alert.policy import AlertPolicy
    from vigia.alert.state import Key, Open, Scene
    from vigia.events import Alert, AllClear, AllClearReversed

CLEARS_MAX = 4  # that can be reversed
ENDED_MAX = 20_000  # alerts of them; the oldest all clear gives way
OPEN_MAX = 1_000  # named in one question
Mine: TypeAlias = "Callable[[str], bool] | None"  # by target_id


def concerned(policy: AlertPolicy, incident_id: str | None, mine: Mine = None) -> dict[Key, Open]:
    """The alerts an all clear would end. mine: which targets it may speak for; None: all."""
    return {
        key: held
        for key, held in policy.state.open.items()
        if (incident_id is None or held.alert.incident_id == incident_id)
        and (mine is None or mine(held.alert.target_id))
    }


def question(
    policy: AlertPolicy,
    body: AllClear,
    scene: Scene,
    blind: Callable[[Iterable[str] | None], tuple[str, ...]],
    number_of: Callable[[str], int],
    mine: Mine = None,
) -> AllClearAsked | None:
    """What is open and was not shown to him yet. None: the all clear may be given.

    blind(targets): posts there that are not watched; None: all.
    """
    held = concerned(policy, body.incident_id, mine)
    named = {t for h in held.values() for t in (*h.fears, *h.alert.track_ids)}
    tracks = sorted(named.intersection(scene.live))
    whose = (
        None
        if body.incident_id is None and mine is None
        else [h.alert.target_id for h in held.values()]
    )
    still = (*(f"track/{t}" for t in tracks), *(f"blind/{p}" for p in blind(whose)))[:OPEN_MAX]
    if not set(still) - set(body.accepts):
        return None
    return AllClearAsked(
        clear_id=body.clear_id,
        by_person_id=body.by_person_id,
        incident_id=body.incident_id,
        open=still,
        track_numbers=tuple(number_of(t) for t in tracks),
    )


def all_clear(policy: AlertPolicy, body: AllClear, t_ns: int, mine: Mine = None) -> list[Alert]:
    """A named person ends an incident, or all of them. Its tracks stay quiet for a while, but for
    those that others, for whom he does not speak, are still warned of."""
    state, ended = policy.state, concerned(policy, body.incident_id, mine)
    others = {t for key, held in state.open.items() if key not in ended for t in held.fears}
    until = t_ns + int(policy.numbers.clear_s * 1e9)
    said: list[Alert] = []
    for key, held in ended.items():
        quiet = held.fears if mine is None else [t for t in held.fears if t not in others]
        state.cleared.update(dict.fromkeys(quiet, until))
        said.append(policy.end(key, EndReason.ALL_CLEAR, t_ns=t_ns, by_person_id=body.by_person_id))
    closed: list[str] = []
    for report_id, attack in state.attacks.items():
        told = attack.told.keys()
        all_his = mine is None or told <= ended.keys()
        if not attack.closed and all_his and (body.incident_id is None or ended.keys() & told):
            attack.closed = True
            closed.append(report_id)
    if ended:
        state.clears.append(Cleared(body.clear_id, body.by_person_id, t_ns, ended, tuple(closed)))
        del state.clears[:-CLEARS_MAX]
        while len(state.clears) > 1 and sum(len(c.ended) for c in state.clears) > ENDED_MAX:
            del state.clears[0]
    return sorted(said, key=urgency)


def reverse(
    policy: AlertPolicy, body: AllClearReversed, t_ns: int, mine: Mine = None
) -> list[Alert] | str:
    """The same people are warned again, at the tier they had. Why not, if it cannot be done."""
    state = policy.state
    found = [
        c
        for c in state.clears
        if body.clear_id in (None, c.clear_id)
        and (mine is None or all(mine(was.alert.target_id) for was in c.ended.values()))
    ]
    if not found:
        return f"reverse: all clear {body.clear_id or ''} is not known here, or reversed already"
    clear = found[-1]
    state.clears.remove(clear)
    said: list[Alert] = []
    for key, was in clear.ended.items():
        for track_id in was.fears:
            state.cleared.pop(track_id, None)
        order = Order(
            tier=was.alert.tier,
            t_evidence_ns=t_ns,
            kind="reversed",
            by_person_id=body.by_person_id,
            reason=body.reason,
            sources=was.alert.sources,
        )
        whom = Whom(was.alert.target_id, was.alert.person_id)
        order_id = f"r{clear.clear_id or clear.t_ns}"
        said.append(give(policy, key, whom, order_id, order, was.alert.incident_id, t_ns))
        _bring_back(policy, key, was, t_ns)
    for report_id in clear.attacks:
        if report_id in state.attacks:
            state.attacks[report_id].closed = False
    return sorted(said, key=urgency)


def _bring_back(policy: AlertPolicy, key: Key, was: Open, t_ns: int) -> None:
    """The drones the alert rested on are feared again, unless their time is over anyway."""
    held = policy.state.open[key]
    for track_id, fear in was.fears.items():
        if t_ns < expires_ns(fear, policy.numbers):
            held.fears.setdefault(track_id, replace(fear, over=False))
