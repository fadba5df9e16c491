"""The code as it is -> digests printed with the table: what was judged, and by what.

Who froze the policy before the reporting seeds ran can show it: the digest of that commit is the
one under the table.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

import msgspec

from vigia.events import Policy
from vigia.run.score.scene import scene_sources

SHOWN = 12  # hexadecimal digits
SHOWING = frozenset(f"run.score/{name}.py" for name in ("bench", "frozen", "plot", "table"))


class Digests(NamedTuple):
    """policy: sources of threat and alert, and the default settings. tracker: sources of track.
    scenes: the scene files, the simulator, and what of this package the numbers depend on."""

    policy: str
    tracker: str
    scenes: str


def digests() -> Digests:
    settings = msgspec.json.encode(Policy())
    return Digests(
        policy=_digest([*_sources("threat"), *_sources("alert"), ("settings", settings)]),
        tracker=_digest(_sources("track")),
        scenes=_digest(
            [
                *scene_sources(),
                *(s for s in _sources("run.score") if s[0] not in SHOWING),
                *_sources("run.simulate"),
            ]
        ),
    )


def _sources(package: str) -> list[tuple[str, bytes]]:
    folder = files(f"vigia.{package}")
    found = [(p.name, p.read_bytes()) for p in folder.iterdir() if p.name.endswith(".py")]
    return sorted((f"{package}/{name}", data) for name, data in found)


def _digest(named: list[tuple[str, bytes]]) -> str:
    whole = sha256()
    for name, data in named:
        whole.update(sha256(name.encode()).digest() + sha256(data).digest())
    return whole.hexdigest()[:SHOWN]
