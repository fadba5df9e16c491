"""A detections file, Parquet or CSV -> checked columns in order of arrival.

The columns are those of docs/track-files.md. pyarrow is imported when a file is read, not before.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vigia.event_base import ID_MAX
from vigia.run.settings import SettingsError
from vigia.scan import DTYPES, Layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

NUMBERS = (
    "t", "t_arr", "scan", "az", "el", "rng", "rr", "x", "y", "z", "vx", "vy", "vz",
    "s_az", "s_el", "s_rng", "s_rr", "s_xy", "s_z",
)  # fmt: skip
WORDS = ("sensor_id", "kind", "uid", "cls_hint")
NEEDED = ("t", "t_arr", "sensor_id", "kind", "scan")  # the rest may be left out: unknown
STATED = ("rid", "adsb")  # kinds that say where the drone is, not where they see it
HUMAN = "human"
NO_SCAN = -1
ROWS_MAX = 50_000_000
T_MAX_S = 4e9  # year 2096, if it counts from 1970
PLACE_MAX_M = 1e6
UID_MAX = DTYPES[Layout.PLACE_1]["identity"].itemsize


class Word(NamedTuple):
    """A column of words: words[code[i]] is row i's; an absent one is ""."""

    code: NDArray[np.int64]
    words: list[str]

    def each(self, value: Callable[[str], Any]) -> NDArray[Any]:
        """(n,) value(word) of every row; asked once a word."""
        asked: NDArray[Any] = np.array([value(w) for w in self.words])
        return asked[self.code]


class Table(NamedTuple):
    """n rows in order of arrival. row: each one's place in the file, from 0."""

    name: str
    n: int
    row: NDArray[np.int64]
    number: dict[str, NDArray[np.float64]]  # every one of NUMBERS; NaN is unknown
    word: dict[str, Word]  # every one of WORDS
    stated: NDArray[np.bool_]  # the row says a position, not a direction

    def refuse(self, bad: NDArray[np.bool_], column: str, need: str) -> None:
        """Raises SettingsError that tells the first bad row, if there is one."""
        if not bad.any():
            return
        i = int(np.flatnonzero(bad)[0])
        word = self.word.get(column)
        got = float(self.number[column][i]) if word is None else repr(word.words[int(word.code[i])])
        raise SettingsError(
            f"{self.name}: row {int(self.row[i]) + 1} (the first is 1): {column}: got {got}, "
            f"need {need}; {int(bad.sum())} such rows; docs/track-files.md has every column"
        )


def read_table(path: Path) -> Table:
    """Raises SettingsError: what, got, expected, what to do."""
    name = path.name
    arrow = module("pyarrow")
    try:
        raw = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
        names: list[str] = raw.column_names
    except (OSError, ValueError, arrow.ArrowException) as e:
        raise SettingsError(
            f"{path}: cannot be read ({_first_line(e)}); need a Parquet or CSV file of "
            "detections, see docs/track-files.md"
        ) from e
    if missing := [c for c in NEEDED if c not in names]:
        raise SettingsError(
            f"{name}: got columns {', '.join(names) or 'none'}; also need {', '.join(missing)}; "
            "docs/track-files.md has every column"
        )
    if twice := sorted({c for c in names if names.count(c) > 1} & {*NUMBERS, *WORDS}):
        raise SettingsError(f"{name}: got column {twice[0]} twice, need it once; rename one")
    n: int = raw.num_rows
    if not 0 < n <= ROWS_MAX:
        raise SettingsError(f"{name}: got {n} rows, need 1 to {ROWS_MAX}; split the file")
    number = {c: _numbers(arrow, raw, c, name) for c in NUMBERS}
    word = {c: _words(arrow, raw, c, name) for c in WORDS}
    stated = word["kind"].each(lambda k: k in STATED) | (
        np.isnan(number["az"]) & np.isfinite(number["x"]) & word["kind"].each(lambda k: k != HUMAN)
    )
    table = Table(name, n, np.arange(n), number, word, stated)
    _check(table)
    return _by_arrival(table)


def module(name: str) -> Any:
    """pyarrow or a part of it, imported now. Why Any: it comes without types."""
    return importlib.import_module(name)


def _read_parquet(path: Path) -> Any:
    parquet = module("pyarrow.parquet")
    known: list[str] = [c for c in parquet.read_schema(path).names if c in (*NUMBERS, *WORDS)]
    return parquet.ParquetFile(path).read(columns=known)


def _read_csv(path: Path) -> Any:
    csv = module("pyarrow.csv")
    arrow = module("pyarrow")
    types = {c: arrow.float64() for c in NUMBERS} | {c: arrow.string() for c in WORDS}
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False),  # only then does an error name the row
        convert_options=csv.ConvertOptions(column_types=types),
    )


def _numbers(arrow: Any, raw: Any, column: str, name: str) -> NDArray[np.float64]:
    if column not in raw.column_names:
        n: int = raw.num_rows
        return np.full(n, math.nan)
    try:
        cast = raw.column(column).cast(arrow.float64())
    except (ValueError, arrow.ArrowException) as e:
        raise SettingsError(
            f"{name}: {column}: got {raw.schema.field(column).type} ({_first_line(e)}), "
            "need numbers; docs/track-files.md has every column"
        ) from e
    return np.asarray(cast.to_numpy(), dtype=np.float64)


def _words(arrow: Any, raw: Any, column: str, name: str) -> Word:
    if column not in raw.column_names:
        return Word(np.zeros(raw.num_rows, dtype=np.int64), [""])
    try:
        cast = raw.column(column).cast(arrow.string()).fill_null("").combine_chunks()
        coded = cast.dictionary_encode()
        words: list[str] = coded.dictionary.to_pylist()
    except (ValueError, arrow.ArrowException) as e:
        raise SettingsError(
            f"{name}: {column}: got {raw.schema.field(column).type} ({_first_line(e)}), "
            "need words; docs/track-files.md has every column"
        ) from e
    return Word(coded.indices.to_numpy().astype(np.int64), words)


def _check(table: Table) -> None:
    """What the tracker could not take, or would silently take for something else."""
    of, refuse = table.number, table.refuse
    for column in NUMBERS:
        refuse(np.isinf(of[column]), column, "a finite number, or nothing for unknown")
    refuse(~(np.abs(of["t"]) <= T_MAX_S), "t", "seconds")
    refuse(~((of["t_arr"] >= 0.0) & (of["t_arr"] <= T_MAX_S)), "t_arr", "seconds, 0 or more")
    bad = _each(table, "sensor_id", lambda w: not 0 < len(w) <= ID_MAX)
    refuse(bad, "sensor_id", f"1 to {ID_MAX} characters")
    bad = _each(table, "kind", lambda w: w == "")
    refuse(bad, "kind", "a word such as radar or human")
    bad = _each(table, "uid", lambda w: len(w.encode()) > UID_MAX)
    refuse(bad, "uid", f"at most {UID_MAX} bytes")
    for column in ("x", "y"):
        bad = table.stated & ~(np.abs(of[column]) <= PLACE_MAX_M)
        refuse(bad, column, f"metres from the origin, at most {PLACE_MAX_M:.0f}")
    # a person may report a drone without a direction
    silent = _each(table, "kind", lambda w: w == HUMAN) & np.isnan(of["az"])
    bad = ~table.stated & ~silent & ~(np.abs(of["az"]) <= 360.0)
    refuse(bad, "az", "degrees clockwise from true north (or a position x, y)")
    refuse(np.abs(of["el"]) > 180.0, "el", "degrees above the horizon, -180 to 180")
    refuse(of["rng"] <= 0.0, "rng", "metres, more than 0")
    for column in ("s_az", "s_el", "s_rng", "s_rr", "s_xy", "s_z"):
        refuse(of[column] <= 0.0, column, "1-sigma, more than 0, or nothing for unknown")


def _each(table: Table, column: str, bad: Callable[[str], bool]) -> NDArray[np.bool_]:
    return table.word[column].each(bad)


def _by_arrival(table: Table) -> Table:
    """Rows that arrived together stay in the order of the file."""
    t_arr = table.number["t_arr"]
    if bool((t_arr[1:] >= t_arr[:-1]).all()):
        return table
    order = np.argsort(t_arr, kind="stable")
    return table._replace(
        row=table.row[order],
        number={c: v[order] for c, v in table.number.items()},
        word={c: Word(w.code[order], w.words) for c, w in table.word.items()},
        stated=table.stated[order],
    )


def _first_line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.partition("\n")[0]
