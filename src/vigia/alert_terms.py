"""Words of warning people: how a report came, which drones a sensor can notice, how cover is."""

from __future__ import annotations

from enum import Enum


class Via(Enum):
    """How a person's report came. A text message proves nobody's name."""

    PAGE = "page"
    TEXT = "text"
    TAK = "tak"  # a TAK client whose certificate proves whose it is
    DESK = "desk"  # a watch officer wrote down what somebody told him


class DroneClass(Enum):
    """Which drones a kind of sensor can notice at all."""

    BROADCASTING = "broadcasting"  # says who it is (Remote ID)
    TRANSMITTING = "transmitting"  # is steered by radio, or sends pictures
    FLYING = "flying"  # any that is in sight, or that moves
    AUDIBLE = "audible"


class Watched(Enum):
    """How well a place is watched now. All but the first two count as blind."""

    WATCHED = "watched"  # all declared cover is proved to work
    PARTLY = "partly"  # some of it
    UNPROVED = "unproved"  # nothing proves that a sensor works, nothing says that it does not
    LOST = "lost"  # WATCH LOST: cover that was declared has fallen silent
    NONE = "none"  # no sensor is declared to watch here: only people do


class FriendlyEnd(Enum):
    """Why a mark "friendly" is over."""

    TIME = "time"
    DANGER = "danger"  # it comes at somebody as an attacker would
    CLOSING = "closing"  # an enrolled person says it comes at him
    LOAD = "load"  # it carries something
    IDENTITY = "identity"  # what it says it is contradicts other evidence
    ATTACK = "attack"  # an attack was reported where it is
