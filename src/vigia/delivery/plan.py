"""Alerts, most urgent first -> Deliveries: by which channel, in which order, until answered.

Every revision goes at once to the channels of its tier, and its updates and its end to exactly the
channels that got the alert. Without an answer in ReachPolicy.answer_s the next channel is tried and
the person comes on the radio desk's list; at once, when no channel could take it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from vigia.delivery.chase import (
    CHASES_MAX,
    CONTACTS_MAX,
    LINGER_NS,
    REACHED_MAX,
    Chase,
    ReachState,
    Way,
)
from vigia.events import Acknowledged, Alert, Delivery, HandedOver, Reached
from vigia.events_reach import NotReached
from vigia.terms import Channel, MsgType, Tier

if TYPE_CHECKING:
    from vigia.events import CoreSettings
    from vigia.events_reach import ContactSet, ReachPolicy, ToldByRadio

Step: TypeAlias = Delivery | NotReached
Open: TypeAlias = Callable[[str, str], Alert | None]  # key, alert_id -> the alert, if it is open
OF_A_PLACE = frozenset(
    {Channel.COT, Channel.CAP, Channel.WEBHOOK, Channel.MQTT, Channel.SIREN}
)  # read by everybody there: a person's alert tells where he is, so these hear of posts only


def plan(
    state: ReachState, alerts: Sequence[Alert], settings: CoreSettings, t_ns: int
) -> list[Step]:
    """rank counts the alerts of this moment, the most endangered first."""
    policy = settings.reach
    found: list[Step] = []
    for rank, alert in enumerate(alerts):
        chase = _chase(state, alert)
        found += [
            _deliver(chase, alert, channel, rank)
            for channel in _channels(state, chase, alert, settings)
        ]
        _wait(state, chase, alert, policy, t_ns)
        found += _keep_list(chase, alert, policy)
    return found


def again(alerts: Sequence[Alert]) -> list[Delivery]:
    """To a page that came back: what it should show, whatever it got before."""
    return [
        _delivery(alert, Channel.PAGE, rank)
        for rank, alert in enumerate(alerts)
        if alert.person_id is not None
    ]


# ---- which channels --------------------------------------------------------------------------


def _channels(
    state: ReachState, chase: Chase, alert: Alert, settings: CoreSettings
) -> Iterator[Channel]:
    """In the order of the policy; those that were tried later come last."""
    policy, ended = settings.reach, alert.msg_type is MsgType.CANCEL
    wanted: Sequence[Channel] = policy.at_once(alert.tier)
    if ended and chase.ways:
        wanted = (Channel.PAGE,)  # always: one that came back was shown it by its greeting
    elif ended:  # of before a crash that lost it: the courier knows which of these it gave it to
        wanted = tuple(dict.fromkeys((*policy.danger, *policy.ladder)))
    now = [c for c in wanted if _has(state, c, alert, settings)]
    for channel in now:
        way = chase.ways.get(channel.value)
        if way is None or _is_news(way, channel, alert, policy):
            yield channel
    for name, way in list(chase.ways.items()):
        channel = Channel(name)
        if channel in now or (channel is Channel.RADIO and not way.got):
            continue  # who was never told by radio stands on the list as the alert is now
        never = way.failed and not way.got
        if not (ended and never) and _is_news(way, channel, alert, policy):
            yield channel


def _has(state: ReachState, channel: Channel, alert: Alert, settings: CoreSettings) -> bool:
    if channel not in settings.channels or (channel in OF_A_PLACE) is (alert.person_id is not None):
        return False
    if channel in OF_A_PLACE or channel is Channel.PAGE:
        return True
    return channel in state.contacts.get(alert.person_id or "", ())


def _is_news(way: Way, channel: Channel, alert: Alert, policy: ReachPolicy) -> bool:
    """A phone must not be rung, nor a text message paid, for every small correction."""
    if channel in policy.every_revision or alert.msg_type is MsgType.CANCEL:
        return True
    return alert.sound or (way.tier, way.action) != (alert.tier, alert.action)


# ---- until somebody answers --------------------------------------------------------------------


def acknowledge(state: ReachState, body: Acknowledged) -> Reached | None:
    """None for a repetition, which is harmless."""
    key = f"{body.alert_id}/{body.person_id}"
    kinds = state.reached.setdefault(key, [])
    if body.kind in kinds:
        return None
    kinds.append(body.kind)
    if len(state.reached) > REACHED_MAX:
        state.reached.pop(next(iter(state.reached)))
    return Reached(
        alert_id=body.alert_id, person_id=body.person_id, kind=body.kind, t_obs_ns=body.t_obs_ns
    )


def answered(state: ReachState, body: Acknowledged | ToldByRadio) -> list[Step]:
    """No channel is tried any more for what he has answered."""
    chase = state.chases.get(body.alert_id)
    if chase is None or chase.person_id != body.person_id or body.revision < chase.due_revision:
        return []
    state.due.pop(body.alert_id, None)
    if chase.ended is not None and body.revision < chase.revision:
        return []  # whom the radio desk had told must hear the end of it
    return _unlist(chase, body.alert_id)


def told_by_radio(state: ReachState, body: ToldByRadio) -> str | None:
    """From now on the radio is one of the channels that have it. Returns why it was refused."""
    chase = state.chases.get(body.alert_id)
    if chase is None or chase.person_id != body.person_id:
        return f"told by radio: no alert {body.alert_id} of {body.person_id} is on its way"
    way = Way(chase.revision, chase.tier, chase.action, waiting=False, got=True)
    chase.ways[Channel.RADIO.value] = way
    return None


def receipt(
    state: ReachState, body: HandedOver, is_open: Open, settings: CoreSettings, t_ns: int
) -> list[Step]:
    """A channel that says it could not: when none is left that may, the next is tried at once."""
    chase = state.chases.get(body.alert_id)
    name = body.delivery_id.rpartition(".")[2]
    way = None if chase is None else chase.ways.get(name)
    if chase is None or way is None or name == Channel.RADIO.value:
        return []
    way.got = way.got or body.failed is None
    if body.revision == way.revision:
        way.waiting, way.failed = False, body.failed is not None
    if body.alert_id not in state.due or not chase.failed_all():
        return []
    alert = is_open(chase.key, body.alert_id)
    return [] if alert is None else _next(state, chase, alert, settings, t_ns)


def look(state: ReachState, is_open: Open, settings: CoreSettings, t_ns: int) -> list[Step]:
    """Once a second: who has not answered in time."""
    found = _forget(state, t_ns)
    for alert_id in [a for a, due_ns in state.due.items() if due_ns <= t_ns]:
        chase = state.chases.get(alert_id)
        alert = None if chase is None else is_open(chase.key, alert_id)
        if chase is None or alert is None:
            del state.due[alert_id]
        else:
            found += _next(state, chase, alert, settings, t_ns)
    return found


def _next(
    state: ReachState, chase: Chase, alert: Alert, settings: CoreSettings, t_ns: int
) -> list[Step]:
    """The next channel (at DANGER all that are left), and the radio desk."""
    left = [
        c
        for c in settings.reach.ladder
        if c.value not in chase.ways and _has(state, c, alert, settings)
    ]
    now = left if alert.tier >= Tier.DANGER else left[:1]
    found: list[Step] = [_deliver(chase, alert, channel, 0) for channel in now]
    if len(now) == len(left):
        del state.due[alert.alert_id]
    else:
        state.due[alert.alert_id] = t_ns + round(settings.reach.answer_s * 1e9)
    if not chase.listed:
        found.append(_deliver(chase, alert, Channel.RADIO, 0))
    chase.listed = True
    return [*found, not_reached(chase, alert.alert_id)]


def _wait(state: ReachState, chase: Chase, alert: Alert, policy: ReachPolicy, t_ns: int) -> None:
    """The clock of the answer starts with the first revision that needs one, and anew when the
    tier rises: who knew of a WARNING does not yet know of DANGER."""
    if alert.msg_type is MsgType.CANCEL or alert.tier < policy.answer_tier:
        state.due.pop(alert.alert_id, None)
        chase.due_tier = Tier.NONE
        chase.ended = alert if alert.msg_type is MsgType.CANCEL else None
    elif alert.person_id is not None and alert.tier > chase.due_tier:
        chase.due_tier, chase.due_revision = alert.tier, alert.revision
        state.due[alert.alert_id] = t_ns + round(policy.answer_s * 1e9)


def not_reached(chase: Chase, alert_id: str, *, over: bool = False) -> NotReached:
    assert chase.person_id is not None
    tried = [c for c in chase.ways if c != Channel.RADIO.value]
    return NotReached(
        alert_id=alert_id,
        revision=chase.revision,
        person_id=chase.person_id,
        tried=tuple(Channel(c) for c in tried),
        failed=tuple(Channel(c) for c in tried if chase.ways[c].failed),
        tier=chase.tier,
        over=over,
    )


def _keep_list(chase: Chase, alert: Alert, policy: ReachPolicy) -> list[Step]:
    """Whom the desk has told stands there again when there is news; whom it has not, until there
    is nothing to tell any more."""
    radio = chase.ways.get(Channel.RADIO.value)
    if radio is not None and radio.got:
        if radio.revision < alert.revision or not radio.waiting:
            return []
        chase.listed = True
        return [not_reached(chase, alert.alert_id)]
    if chase.ended is not None or alert.tier < policy.answer_tier:
        return _unlist(chase, alert.alert_id)
    return []


def _unlist(chase: Chase, alert_id: str) -> list[Step]:
    if not chase.listed:
        return []
    chase.listed = False
    return [not_reached(chase, alert_id, over=True)]


# ---- who can be reached --------------------------------------------------------------------------


def contact(state: ReachState, body: ContactSet, *, known: bool) -> str | None:
    """Returns why it was refused."""
    if not known:
        return f"contact: {body.person_id} is unknown"
    if body.channel in OF_A_PLACE or body.channel in {Channel.PAGE, Channel.RADIO}:
        return f"contact: {body.channel.value} is not a channel to one person's address"
    held = state.contacts.get(body.person_id, [])
    kept = [c for c in held if c is not body.channel]
    now = [*kept, body.channel] if body.on else kept
    if not now:
        state.contacts.pop(body.person_id, None)
    elif body.person_id in state.contacts or len(state.contacts) < CONTACTS_MAX:
        state.contacts[body.person_id] = now
    else:
        return f"contact: more than {CONTACTS_MAX} people have channels of their own"
    return None


def unsent(state: ReachState, is_open: Open) -> Iterator[tuple[Alert, Delivery]]:
    """What a courier that comes back must have: given to a channel of its, and no receipt yet.

    The alert is the newest revision, which may be later than the delivery's.
    """
    ours = {Channel.PAGE.value, Channel.COT.value, Channel.RADIO.value}
    for alert_id, chase in state.chases.items():
        due = [(c, w) for c, w in chase.ways.items() if w.waiting and c not in ours]
        alert = chase.ended or is_open(chase.key, alert_id) if due else None
        if alert is not None:
            for name, way in due:
                yield alert, _delivery(alert, Channel(name), 0, way.revision)


def calls(state: ReachState, is_open: Open) -> Iterator[tuple[Alert, NotReached]]:
    """The radio desk's list as it is now."""
    for alert_id, chase in state.chases.items():
        alert = (chase.ended or is_open(chase.key, alert_id)) if chase.listed else None
        if alert is not None:
            yield alert, not_reached(chase, alert_id)


# ---- one delivery --------------------------------------------------------------------------------


def _chase(state: ReachState, alert: Alert) -> Chase:
    chase = state.chases.get(alert.alert_id)
    if chase is None:
        key = f"{alert.mark.value}/{alert.target_id}"
        chase = Chase(alert.person_id, key, alert.revision, alert.tier, alert.action)
        state.chases[alert.alert_id] = chase
    chase.revision, chase.tier, chase.action = alert.revision, alert.tier, alert.action
    return chase


def _deliver(chase: Chase, alert: Alert, channel: Channel, rank: int) -> Delivery:
    """Noted as given."""
    way = chase.ways.get(channel.value)
    if way is None:
        way = chase.ways[channel.value] = Way(alert.revision, alert.tier, alert.action)
    way.revision, way.tier, way.action = alert.revision, alert.tier, alert.action
    way.waiting = True
    return _delivery(alert, channel, rank)


def _delivery(alert: Alert, channel: Channel, rank: int, revision: int | None = None) -> Delivery:
    revision = alert.revision if revision is None else revision
    return Delivery(
        delivery_id=f"{alert.alert_id}.{revision}.{channel.value}",
        alert_id=alert.alert_id,
        revision=revision,
        target_id=alert.target_id,
        person_id=alert.person_id,
        channel=channel,
        rank=rank,
    )


def _forget(state: ReachState, t_ns: int) -> list[Step]:
    """What ended and has all its receipts, or waits for one too long; the oldest beyond a limit."""
    found: list[Step] = []
    for alert_id, chase in list(state.chases.items()):
        ended = chase.ended
        if ended is None:
            continue
        waiting = any(w.waiting for w in chase.ways.values())
        if not waiting or t_ns - ended.t_decided_ns > LINGER_NS:
            found += _unlist(chase, alert_id)
            del state.chases[alert_id]
    while len(state.chases) > CHASES_MAX:
        state.chases.pop(next(iter(state.chases)))
    return found
