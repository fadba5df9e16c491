"""The CAP messages we sent: files in the data folder, written by the courier, read for the feed.

    cap/vigia.<alert>.<revision>.xml

Each is signed once, whoever gets it. Old ones go: the feed is for what is now.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from vigia.run.pem_keys import write_whole
from vigia.wire.advert import Refused
from vigia.wire.cap import CAP_MAX, CapMessage, parse

if TYPE_CHECKING:
    from pathlib import Path

    from vigia.wire.cap import Reference

FOLDER = "cap"
KEPT_MAX = 500
KEPT_S = 24 * 3600
FEED_MAX = 100  # newest alerts that the feed lists
BULLETINS_MAX = 50  # newest messages about bulletins that are kept, and listed beside them
BULLETIN_KEPT_S = 400 * 24 * 3600
_NAME = re.compile(r"vigia\.([A-Za-z0-9_-]{1,64})\.([0-9]{1,9})")
_BULLETIN = re.compile(r"vigia\.b[0-9a-f]{24}\.")  # as records/bulletin_cap.py names them


class CapStore:
    """Waits for the disk; call it from a thread where that matters."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def get(self, identifier: str) -> bytes | None:
        """None: not one of ours, or gone."""
        if _NAME.fullmatch(identifier) is None:
            return None
        try:
            with (self._folder / f"{identifier}.xml").open("rb") as f:
                return f.read(2 * CAP_MAX)
        except OSError:
            return None

    def put(self, identifier: str, data: bytes) -> bytes:
        """Returns what counts: of two at once the first. Raises OSError."""
        if _NAME.fullmatch(identifier) is None:
            raise ValueError(f"CAP identifier: got {identifier[:80]!r}")
        write_whole(self._folder / f"{identifier}.xml", data)
        return self.get(identifier) or data

    def earlier(self, alert_id: str, revision: int) -> list[Reference]:
        """What we sent of this alert before that revision, oldest first."""
        found: list[tuple[int, Reference]] = []
        for path in self._folder.glob(f"vigia.{alert_id}.*.xml") if alert_id.isalnum() else ():
            name = _NAME.fullmatch(path.name.removesuffix(".xml"))
            if name is None or int(name[2]) >= revision:
                continue
            message = self._read(path)
            if message is not None:
                found.append((int(name[2]), message.reference()))
        return [reference for _, reference in sorted(found)]

    def newest(self) -> list[CapMessage]:
        """Of what is sent, the newest first."""
        alerts, bulletins = self._both()
        paths = sorted(alerts[:FEED_MAX] + bulletins[:BULLETINS_MAX], reverse=True)
        return [m for _, path in paths if (m := self._read(path)) is not None]

    def tidy(self, now_s: float) -> None:
        """A bulletin stands for weeks: its messages have a count and an age of their own."""
        bounds = ((KEPT_MAX, KEPT_S), (BULLETINS_MAX, BULLETIN_KEPT_S))
        for paths, (most, age_s) in zip(self._both(), bounds, strict=True):
            for n, (t_s, path) in enumerate(paths):
                if n >= most or now_s - t_s > age_s:
                    path.unlink(missing_ok=True)

    def _both(self) -> tuple[list[tuple[float, Path]], list[tuple[float, Path]]]:
        """Of alerts, of bulletins; the newest first."""
        paths = sorted(self._paths(), reverse=True)
        bulletins = [p for p in paths if _BULLETIN.match(p[1].name)]
        return [p for p in paths if not _BULLETIN.match(p[1].name)], bulletins

    def _paths(self) -> list[tuple[float, Path]]:
        found: list[tuple[float, Path]] = []
        for path in self._folder.glob("vigia.*.xml"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime, path))
        return found

    @staticmethod
    def _read(path: Path) -> CapMessage | None:
        try:
            message = parse(path.read_bytes())
        except OSError:
            return None
        return None if isinstance(message, Refused) else message
