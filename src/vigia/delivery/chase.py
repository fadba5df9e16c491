"""One alert on its way to one target: which channels have it, and who still owes an answer.

Shapes and small rules; plan.py decides with them. The encoding of ReachState is its snapshot.
"""

from __future__ import annotations

import msgspec

from vigia.events import Alert
from vigia.terms import AckKind, Channel, Tier

REACHED_MAX = 100_000  # (alert, person) pairs remembered; the oldest are forgotten
CHASES_MAX = 60_000  # alerts on their way; of more those that ended longest ago are forgotten
CONTACTS_MAX = 50_000  # people with channels of their own
LINGER_NS = 600_000_000_000  # an ended alert waits so long for its last receipts


class Way(msgspec.Struct):
    """One channel that was given this alert. revision: the newest it was given."""

    revision: int
    tier: Tier
    action: str
    waiting: bool = True  # no receipt of that revision yet
    failed: bool = False  # its last receipt said so
    got: bool = False  # it took some revision: it must hear how the alert goes on


class Chase(msgspec.Struct):
    """One alert. due_tier, due_revision: what has to be answered."""

    person_id: str | None
    key: str  # "<mark>/<target>", as the alert policy keeps it
    revision: int
    tier: Tier
    action: str
    ways: dict[str, Way] = {}  # by channel, in the order of trying
    due_revision: int = 0  # an answer to this one or a later one counts
    due_tier: Tier = Tier.NONE
    listed: bool = False  # on the radio desk's list
    ended: Alert | None = None  # its cancel, as long as receipts are out

    def failed_all(self) -> bool:
        """Every channel it was given to for what is due has said that it could not."""
        ways = [w for c, w in self.ways.items() if c != Channel.RADIO.value]
        return all(w.failed and not w.waiting for w in ways)


class ReachState(msgspec.Struct):
    """Which answers came, who can be reached how, and which alerts are on their way."""

    reached: dict[str, list[AckKind]] = {}  # by "<alert>/<person>"
    contacts: dict[str, list[Channel]] = {}  # by person: all but the open page, which shows itself
    chases: dict[str, Chase] = {}  # by alert
    due: dict[str, int] = {}  # alert -> t_ns when the next channel is tried
