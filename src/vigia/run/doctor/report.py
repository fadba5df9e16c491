"""`vigia doctor`: findings -> lines for a person, or JSON for a program."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TextIO

import msgspec

from vigia.run.catalogue import setup_words
from vigia.run.doctor.checks import Finding, findings
from vigia.run.doctor.facts import gather
from vigia.run.settings import SettingsError
from vigia.terms import Lang


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One finding in words."""

    key: str
    grave: bool
    what: str
    fix: str


def doctor(folder: Path, *, lang: Lang, as_json: bool, witness: Path | None, out: TextIO) -> int:
    """0: nothing found, 1: something. Raises SettingsError when there is no such folder."""
    if not folder.is_dir():
        raise SettingsError(f"doctor: {folder} is no folder; name the data folder with --data")
    words = setup_words(lang)
    told = [
        tell(f, words) for f in findings(gather(folder, now_s=int(time.time()), witness=witness))
    ]
    if as_json:
        out.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
        return 1 if told else 0
    for one in told:
        word = words["doctor.grave" if one.grave else "doctor.weak"]
        out.write(f"{word:<6} {one.what}\n       {words['doctor.do']}: {one.fix}\n")
    if told:
        grave = sum(one.grave for one in told)
        out.write(words["doctor.sum"].format(grave=grave, weak=len(told) - grave) + "\n")
    else:
        count = sum(1 for key in words if key.startswith("doctor.") and key.endswith(".what"))
        out.write(words["doctor.none"].format(count=count) + "\n")
    return 1 if told else 0


def tell(finding: Finding, words: dict[str, str]) -> Told:
    key = f"doctor.{finding.key}"
    return Told(
        key=finding.key,
        grave=finding.grave,
        what=words[f"{key}.what"].format(**finding.values),
        fix=words[f"{key}.fix"].format(**finding.values),
    )
