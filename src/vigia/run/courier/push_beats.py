"""Whom to ask by push whether his phone is there: who has not proved it for most of a day.

A question is a push like any other, sealed and small, and makes no noise. The answer comes to the
gateway (run/http_push.py), which writes it down as a proof of reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.run.push_beat import make_beat
from vigia.terms import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vigia.run.courier.contacts import Contact

BEAT_AFTER_S = 20 * 3600  # a proof older than this is renewed before its day is over
AGAIN_S = 4 * 3600  # a phone that does not answer is asked again
AT_ONCE_MAX = 20  # questions in one look: ten thousand phones in less than an hour
ASKED_MAX = 200_000  # addresses whose last question is remembered


class Beats:
    """On the courier's loop. What was asked is forgotten with the process: then all who are due
    are asked once more."""

    def __init__(self, secret: bytes, wall_ns: Callable[[], int]) -> None:
        self._secret = secret
        self._wall_ns = wall_ns
        self._asked_s: dict[str, int] = {}  # by address

    def due(
        self, phones: Sequence[Contact], proofs: Mapping[tuple[str, Channel], int]
    ) -> list[tuple[Contact, bytes]]:
        """Who is asked now, with the text for each; they count as asked."""
        now_s = self._wall_ns() // 1_000_000_000
        if len(self._asked_s) > ASKED_MAX:
            self._asked_s.clear()
        found: list[tuple[Contact, bytes]] = []
        for phone in phones:
            if len(found) == AT_ONCE_MAX:
                break
            if not phone.device_id or not self._is_due(phone, proofs, now_s):
                continue
            self._asked_s[phone.address] = now_s
            found.append((phone, make_beat(self._secret, phone.device_id, now_s)))
        return found

    def _is_due(
        self, phone: Contact, proofs: Mapping[tuple[str, Channel], int], now_s: int
    ) -> bool:
        proof_ns = proofs.get((phone.person_id, Channel.PUSH))
        if proof_ns is not None and now_s - proof_ns // 1_000_000_000 < BEAT_AFTER_S:
            return False
        asked_s = self._asked_s.get(phone.address)
        return asked_s is None or abs(now_s - asked_s) >= AGAIN_S
