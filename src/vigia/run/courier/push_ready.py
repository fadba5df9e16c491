"""Key exchanges made ahead: for each phone some records of which only the text is missing.

An alert must not wait for ten thousand curves. Whoever has nothing to do calls fill(); take() gives
each record once and makes one on the spot when none is ready.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict

from cryptography.hazmat.primitives.asymmetric import ec

from vigia.wire.webpush import SALT_BYTES, Prepared, Subscriber, prepare

READY_EACH = 2  # the alert and its first update; the rest is filled meanwhile
PHONES_MAX = 20_000  # beyond it the phones longest unheard of are prepared on the spot


class ReadyRecords:
    """By phone; a name for it is all it knows."""

    def __init__(self) -> None:
        self._phones: OrderedDict[str, Subscriber] = OrderedDict()
        self._ready: dict[str, list[Prepared]] = {}
        self._lacking: dict[str, None] = {}  # in the order of asking
        self.on_the_spot = 0

    def __len__(self) -> int:
        return sum(len(records) for records in self._ready.values())

    def expect(self, name: str, to: Subscriber) -> None:
        """This phone may get something. A changed key throws the old records away."""
        if self._phones.get(name) == to:
            self._phones.move_to_end(name)
            return
        self._phones[name] = to
        self._phones.move_to_end(name)
        self._ready[name] = []
        self._lacking[name] = None
        if len(self._phones) > PHONES_MAX:
            self.forget(next(iter(self._phones)))

    def forget(self, name: str) -> None:
        self._phones.pop(name, None)
        self._ready.pop(name, None)

    def take(self, name: str, to: Subscriber) -> Prepared:
        self.expect(name, to)
        records = self._ready[name]
        self._lacking[name] = None
        if records:
            return records.pop()
        self.on_the_spot += 1
        return _fresh(to)

    def fill(self, most: int) -> int:
        """At most so many exchanges, 70 µs each. Returns how many; 0: all are ready."""
        made = 0
        while made < most and self._lacking:
            name = next(iter(self._lacking))
            records = self._ready.get(name)
            if records is None or len(records) >= READY_EACH:
                del self._lacking[name]
                continue
            records.append(_fresh(self._phones[name]))
            made += 1
        return made


def _fresh(to: Subscriber) -> Prepared:
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    return prepare(to, ephemeral, secrets.token_bytes(SALT_BYTES))
