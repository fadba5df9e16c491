"""A person's word -> alerts: "attack here", a raise that widens, and taking either back.

Whoever says it, everybody it concerns gets one order beside the drones of his alert.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from msgspec.structs import replace

from vigia.alert import flights
from vigia.alert.policy import urgency
from vigia.alert.state import Attack, Order
from vigia.alert.write import ACTIONS, listed, of_order, of_silence
from vigia.events import Grounds
from vigia.geo import bearing_deg_true
from vigia.terms import EndReason, Tier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.alert.policy import AlertPolicy
    from vigia.alert.state import AlertState, Key, Open
    from vigia.events import Alert, AlertRaised, AttackReported

ATTACKS_MAX = 1_000  # reports remembered; the oldest are forgotten
PRESS_S = 60.0  # a press so soon after his last, and so near it, is the same attack
PRESS_M = 150.0
ORDERS_MAX = 16  # of one alert; the oldest gives way


class Places(Protocol):
    """Targets as threat/targets.py tables them: (m,) ids, (m, 2) east and north [m], ..."""

    @property
    def target_ids(self) -> list[str]: ...
    @property
    def person_ids(self) -> list[str | None]: ...
    @property
    def en_m(self) -> NDArray[np.float64]: ...
    @property
    def extent_m(self) -> NDArray[np.float64]: ...
    @property
    def sigma_m(self) -> NDArray[np.float64]: ...


class Whom(NamedTuple):
    """One target, and where the attack is from there."""

    target_id: str
    person_id: str | None
    bearing_deg_true: float | None = None
    range_m: float | None = None


def within(places: Places, at: tuple[float, float] | None, radius_m: float) -> list[Whom]:
    """Everybody who may be within the radius, the nearest first. at None: everybody."""
    ids, persons = places.target_ids, places.person_ids
    if at is None:
        return [Whom(t, p) for t, p in zip(ids, persons, strict=True)]
    d = np.asarray(at) - places.en_m
    range_m = np.hypot(d[:, 0], d[:, 1])
    near = np.flatnonzero(range_m <= radius_m + places.extent_m + 2.0 * places.sigma_m)
    return [
        Whom(
            ids[k],
            persons[k],
            bearing_deg_true(de_m=float(d[k, 0]), dn_m=float(d[k, 1])),
            float(range_m[k]),
        )
        for k in near[np.argsort(range_m[near], kind="stable")].tolist()
    ]


def around(places: Places, policy: AlertPolicy, body: AlertRaised) -> list[Whom]:
    """Whom a raise is for: docs of AlertRaised."""
    named = set(body.target_ids)
    if body.incident_id is not None:
        named |= {
            held.alert.target_id
            for held in policy.state.open.values()
            if held.alert.incident_id == body.incident_id
        }
    elif not named:
        return within(places, None, 0.0)
    rows = [k for k, target_id in enumerate(places.target_ids) if target_id in named]
    found = {places.target_ids[k]: Whom(places.target_ids[k], places.person_ids[k]) for k in rows}
    if body.radius_m > 0.0:
        for k in rows:
            at = (float(places.en_m[k, 0]), float(places.en_m[k, 1]))
            for whom in within(places, at, body.radius_m):
                found.setdefault(whom.target_id, Whom(whom.target_id, whom.person_id))
    return list(found.values())


# ---- giving ------------------------------------------------------------------------------------


def report_attack(
    policy: AlertPolicy,
    body: AttackReported,
    places: Places,
    *,
    at: tuple[float, float] | None,
    mark: str,
    tier: Tier,
    t_ns: int,
) -> list[Alert]:
    """tier: what such a report is worth. A retry, or one older than expire_s, warns nobody."""
    state = policy.state
    if body.report_id in state.attacks:
        return []
    t_obs_ns = min(body.t_obs_ns, t_ns)
    whom = within(places, at, policy.numbers.attack_m)
    keys = [f"{mark}/{w.target_id}" for w in whom]
    known = (state.open[k].alert.incident_id for k in keys if k in state.open)
    first = _pressed(state, body, at, mark=mark, t_ns=t_obs_ns) if tier is Tier.DANGER else None
    attack = Attack(
        person_id=body.person_id,
        mark=mark,
        tier=tier if at is not None else min(tier, Tier.WARNING),
        t_obs_ns=t_obs_ns,
        en_m=at,
        incident_id=next(known, f"a{body.report_id}"),
        text=body.text,
    )
    if first is not None:
        return _join(policy, body.report_id, first, attack, whom, t_ns)
    state.attacks[body.report_id] = attack
    if len(state.attacks) > ATTACKS_MAX:
        state.attacks.pop(next(iter(state.attacks)))
    return spread(policy, body.report_id, attack, whom, t_ns)


def _pressed(
    state: AlertState, body: AttackReported, at: tuple[float, float] | None, *, mark: str, t_ns: int
) -> str | None:
    """The standing report of the same person, here and just now, of which this is another press."""
    if body.person_id is None or at is None:
        return None
    for report_id, known in reversed(state.attacks.items()):
        if (
            known.person_id == body.person_id
            and known.mark == mark
            and not (known.closed or known.joins)
            and known.tier is Tier.DANGER
            and known.en_m is not None
            and abs(t_ns - known.t_obs_ns) <= PRESS_S * 1e9
            and math.dist(known.en_m, at) <= PRESS_M
        ):
            return report_id
    return None


def _join(
    policy: AlertPolicy,
    report_id: str,
    first_id: str,
    press: Attack,
    whom: Iterable[Whom],
    t_ns: int,
) -> list[Alert]:
    """One more press: the alerts stand on, on newer evidence; only who has none yet is rung."""
    first = policy.state.attacks[first_id]
    first.t_obs_ns = max(first.t_obs_ns, press.t_obs_ns)
    press.joins = first_id
    policy.state.attacks[report_id] = press
    # whose alert has ended meanwhile (an all clear of his agency) is told anew
    first.told = {
        key: None
        for key in first.told
        if (held := policy.state.open.get(key)) is not None and first_id in held.orders
    }
    for held in policy.state.open.values():
        order = held.orders.get(first_id)
        if order is not None and first.t_obs_ns > order.t_evidence_ns:
            order.t_evidence_ns, order.stopped_ns, order.over = first.t_obs_ns, 0, False
    return spread(policy, first_id, first, whom, t_ns)


def spread(
    policy: AlertPolicy, report_id: str, attack: Attack, whom: Iterable[Whom], t_ns: int
) -> list[Alert]:
    """Orders for all who have none of this report yet; later too, for who comes near."""
    if attack.closed or t_ns - attack.t_obs_ns >= policy.numbers.expire_s * 1e9:
        return []
    said: list[Alert] = []
    for one in whom:
        key = f"{attack.mark}/{one.target_id}"
        if key not in attack.told:
            attack.told[key] = None
            order = Order(
                tier=attack.tier,
                t_evidence_ns=attack.t_obs_ns,
                kind="attack",
                by_person_id=attack.person_id,
                reason=attack.text,
                bearing_deg_true=one.bearing_deg_true,
                range_m=one.range_m,
            )
            said.append(give(policy, key, one, report_id, order, attack.incident_id, t_ns))
    return sorted(said, key=urgency)


def spread_all(policy: AlertPolicy, places: Callable[[], Places], t_ns: int) -> list[Alert]:
    """Whoever comes near a reported attack later is warned too. places: asked when needed."""
    old_ns = t_ns - int(policy.numbers.expire_s * 1e9)
    said: list[Alert] = []
    for report_id, attack in policy.state.attacks.items():
        lasts = not (attack.closed or attack.joins) and attack.t_obs_ns > old_ns
        if lasts and attack.en_m is not None:
            whom = within(places(), attack.en_m, policy.numbers.attack_m)
            said += spread(policy, report_id, attack, whom, t_ns)
    return sorted(said, key=urgency)


def confirm_attack(
    policy: AlertPolicy, report_id: str, by_person_id: str, t_ns: int
) -> list[Alert]:
    """The desk vouches for it: it is worth an enrolled person's word, from now on."""
    attack = policy.state.attacks.get(report_id)
    if attack is None or attack.closed or attack.tier is Tier.DANGER:
        return []
    attack.tier, attack.t_obs_ns, attack.person_id = Tier.DANGER, t_ns, by_person_id
    whom = [
        Whom(held.alert.target_id, held.alert.person_id, order.bearing_deg_true, order.range_m)
        for held in policy.state.open.values()
        if (order := held.orders.get(report_id)) is not None
    ]
    attack.told = {k: None for k in attack.told if k not in {_key(attack, w) for w in whom}}
    return spread(policy, report_id, attack, whom, t_ns)


def raise_alerts(
    policy: AlertPolicy, body: AlertRaised, whom: Iterable[Whom], *, mark: str, t_ns: int
) -> list[Alert]:
    said = [
        give(
            policy,
            f"{mark}/{one.target_id}",
            one,
            body.raise_id,
            Order(
                tier=body.tier,
                t_evidence_ns=t_ns,
                by_person_id=body.by_person_id,
                reason=body.reason,
            ),
            body.incident_id or f"h{body.raise_id}",
            t_ns,
        )
        for one in whom
    ]
    return sorted(said, key=urgency)


def give(
    policy: AlertPolicy,
    key: Key,
    whom: Whom,
    order_id: str,
    order: Order,
    incident: str,
    t_ns: int,
) -> Alert:
    """One order into the alert of one target; the alert begins if there is none. An order below
    what the alert says already is kept and rings nobody."""
    held = policy.state.open.get(key)
    if held is None:
        held = policy.begin(
            key, incident, whom.target_id, whom.person_id, order.t_evidence_ns, t_ns=t_ns
        )
    held.orders[order_id] = order
    if len(held.orders) > ORDERS_MAX:
        held.orders.pop(next(iter(held.orders)))
    order.told = True
    tracks = listed(held, alive=True)
    if order.tier < held.alert.tier:
        again = replace(
            held.alert,
            t_decided_ns=t_ns,
            sound=False,
            track_ids=tuple(tracks),
            track_numbers=tuple(tracks.values()),
        )
        return policy.say(held, again)
    held.lost = False
    draft = of_order(held, order_id, order, tracks, t_ns)
    return policy.say(held, replace(draft, sound=True))


def is_order(state: AlertState, order_id: str) -> bool:
    """Is it in force, for anybody or for who comes near?"""
    attack = state.attacks.get(order_id)
    return (
        (attack is not None and not attack.closed)
        or order_id in state.flights
        or any(order_id in held.orders for held in state.open.values())
    )


# ---- taking back -------------------------------------------------------------------------------


def undo(policy: AlertPolicy, order_id: str, *, by_person_id: str | None, t_ns: int) -> list[Alert]:
    """Everybody who was alerted by it is told: the alert ends, or goes on with what is left. Of an
    authorised flight: its drone is looked at like any other from now on."""
    if flights.end(policy.state, order_id):
        return []
    attack = policy.state.attacks.get(order_id)
    if attack is not None and attack.joins:
        attack.closed = True
        order_id = attack.joins
        attack = policy.state.attacks.get(order_id)
    if attack is not None:
        attack.closed = True
    said: list[Alert] = []
    for key, held in list(policy.state.open.items()):
        order = held.orders.pop(order_id, None)
        if order is None:
            continue
        if not held.standing():
            said.append(policy.end(key, EndReason.WITHDRAWN, t_ns=t_ns, by_person_id=by_person_id))
        elif order.tier >= held.alert.tier:
            said.append(policy.say(held, _without(held, t_ns)))
    return sorted(said, key=urgency)


def _without(held: Open, t_ns: int) -> Alert:
    """What is left, in a word until the next look finds more: the tier of the rest, no arrival."""
    tier = max(s.tier for s in held.standing())
    tracks = listed(held, alive=True)
    words = [(k, o) for k, o in held.orders.items() if o.tier == tier and not o.over]
    if words:
        return replace(of_order(held, *words[-1], tracks, t_ns), sound=False)
    if not tracks:
        held.lost = True
        return of_silence(held, tier, t_ns, blind=False)
    return replace(
        held.alert,
        tier=tier,
        action=ACTIONS[tier],
        sound=False,
        t_cause_ns=t_ns,
        t_decided_ns=t_ns,
        t_earliest_ns=None,
        track_ids=tuple(tracks),
        track_numbers=tuple(tracks.values()),
        by_person_id=None,
        grounds=Grounds(rule="held"),
    )


def _key(attack: Attack, whom: Whom) -> str:
    return f"{attack.mark}/{whom.target_id}"
