"""The desk's records as events: one version of one record each; what is in it says records/."""

from __future__ import annotations

from enum import Enum

from vigia.event_base import Body

RECORD_MAX = 256 * 1024  # bytes of one version


class RecordKind(Enum):
    """What a record is; each kind has a module of its name in vigia.records."""

    INCIDENT = "incident"
    CLAIM = "claim"
    BULLETIN = "bulletin"
    RECEIPT = "receipt"  # a person has read a bulletin
    POSTED = "posted"  # a bulletin handed to a channel for one person
    REMINDER = "reminder"  # to read a bulletin
    KIT = "kit"
    CHECK = "check"  # a kit or carried items, looked at by a person
    CASUALTY = "casualty"
    CAP = "cap"  # received from another agency, with its verdict
    HANDOVER = "handover"  # of a shift, by whoever goes to whoever comes
    APPROVAL = "approval"  # of the first-aid texts by a medical officer


class RecordKept(Body, frozen=True, kw_only=True):
    """Version `version` (from 1, without gaps) of a record; earlier ones stay as they were.

    content: canonical JSON (records/canonical.py) of the kind's struct, at most RECORD_MAX.
    subject: set when the content is personal; it is then journaled encrypted under that subject
    and stands in the ledger as a salted commitment, else as a plain SHA-256.
    """

    record_id: str
    kind: RecordKind
    version: int
    content: bytes
    by_person_id: str | None = None  # None: the machine proposed it
    subject: str | None = None
