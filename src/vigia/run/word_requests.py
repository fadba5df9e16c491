"""`vigia report "..."` -> a file words/<id>.json in the data folder -> the running watch.

Works without an account, for whoever may write the folder; a file stays until the watch took it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from pathlib import Path

import msgspec

from vigia.alert_terms import Via
from vigia.event_base import TEXT_MAX
from vigia.events import CoreSettings
from vigia.run.catalogue import words_of
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.plan import read_plan
from vigia.run.reporting import Report, echo, inputs_of, named_places
from vigia.run.settings import SettingsError
from vigia.terms import Lang
from vigia.textreport.parse import understand

FOLDER = "words"
LOOK_S = 0.5
LOOK_MAX = 100
FILE_MAX = 8_192
SENDER = "command line"


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    word_id: str
    text: str
    t_ns: int


class WordFeed:
    """The watch's side."""

    source = "vigia report"

    def __init__(self, folder: Path, settings: CoreSettings, clock: Clock) -> None:
        self._folder = folder / FOLDER
        self._settings = settings
        self._clock = clock

    async def run(self, put: Put) -> None:
        while True:
            # In a thread: a disk that hangs must not hold up warnings
            for path, request in await asyncio.to_thread(self._requests):
                if self._take(request, put):
                    with contextlib.suppress(OSError):
                        await asyncio.to_thread(path.unlink, True)
            await asyncio.sleep(LOOK_S)

    def _take(self, request: _Request, put: Put) -> bool:
        s = self._settings
        said = understand(request.text, named_places(s.posts), origin=s.origin)
        report = Report(
            word_id=request.word_id,
            via=Via.DESK,
            text=request.text,
            sender=SENDER,
            t_obs_ns=request.t_ns,
        )
        made = inputs_of(report, said, t_ns=self._clock.now_ns())
        return all(put(self.source, s.mode, body) for body in made.bodies)

    def _requests(self) -> list[tuple[Path, _Request]]:
        found: list[tuple[Path, _Request]] = []
        try:
            paths = sorted(self._folder.glob("*.json"))[:LOOK_MAX]
        except OSError:
            return []
        for path in paths:
            try:
                data = path.read_bytes()[:FILE_MAX]
                found.append((path, msgspec.json.decode(data, type=_Request)))
            except (OSError, msgspec.DecodeError):
                continue
        return found


def send_report(folder: Path, text: str, *, lang: Lang, dry: bool) -> int:
    """`vigia report`. Raises SettingsError."""
    if not text.strip() or len(text) > TEXT_MAX:
        raise SettingsError(f"report: got {len(text)} characters; need 1 to {TEXT_MAX}")
    try:
        core = read_plan(folder).core
    except (OSError, msgspec.ValidationError) as e:
        raise SettingsError(
            f"report: {folder} has never been started ({e}); name the right folder with --data"
        ) from e
    places, words = named_places(core.posts), words_of(lang)
    said = understand(text, places, origin=core.origin)
    report = Report(word_id="w", via=Via.DESK, text=text, t_obs_ns=0)
    made = inputs_of(report, said, t_ns=0)
    print(f"{words[made.reply]} {echo(said, words, places) if said.report else ''}".strip())
    if dry:
        return 0
    word_id = f"cli-{secrets.token_hex(8)}"
    path = folder / FOLDER / f"{word_id}.json"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_suffix(".part")
        request = _Request(word_id=word_id, text=text, t_ns=time.time_ns())
        part.write_bytes(msgspec.json.encode(request))
        os.replace(part, path)
    except OSError as e:
        raise SettingsError(f"report: {path} cannot be written ({e})") from e
    return 0
