"""The ledger -> lines people can read, names opened where their salts still exist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vigia.ledger.entry import decode_fields, is_commitment
from vigia.ledger.times import AlertTimes, RevisionTimes, entry_times
from vigia.run.ledger_keys import Salts, has_salts
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

HEAD = frozenset({"v", "seq", "n", "t_ns", "mark", "kind"})
NS_PER_MS = 1_000_000


def show(folder: Path, *, alert_id: str | None, out: TextIO) -> int:
    """Every entry, oldest first; or one alert: its entries, and T0 to T4 for each person.

    Shows what the file says and proves nothing: that is verify(). Raises LedgerError.
    """
    reader = LedgerReader(folder)
    try:
        names = _names(folder)
        found = list(_entries(reader, alert_id))
        lines = [_line(idx, entry, names) for idx, entry in found]
        if alert_id is not None:
            for times in entry_times(entry for _, entry in found):
                lines += ["", *_times_lines(times, names)]
    except DAMAGE as e:
        raise LedgerError(f"ledger: the file is damaged ({e}); run vigia ledger verify") from e
    finally:
        reader.close()
    if not found:
        lines = ["the ledger is empty" if alert_id is None else f"no entry of alert {alert_id}"]
    out.writelines(f"{line}\n" for line in lines)
    return 0 if found or alert_id is None else 1


def _entries(reader: LedgerReader, alert_id: str | None) -> Iterator[tuple[int, bytes]]:
    begin, size = 0, reader.size()
    while begin < size:
        page = reader.entries(begin, size)
        if not page:
            return
        for idx, entry in page:
            if alert_id is None or decode_fields(entry).get("alert") == alert_id:
                yield idx, entry
        begin = page[-1][0] + 1


def _names(folder: Path) -> dict[str, str]:
    """Commitment -> whom it stands for, as far as anybody can still tell."""
    keys = folder / "keys"
    if not has_salts(keys):
        return {}
    salts = Salts(keys)
    try:
        gone = {c: f"forgotten on {_utc(t)[:10]}" for c, t in salts.forgotten().items()}
        return salts.names() | gone
    finally:
        salts.close()


def _line(idx: int, entry: bytes, names: dict[str, str]) -> str:
    fields = decode_fields(entry)
    told = [
        f"{name}={_value(name, value, names)}"
        for name, value in fields.items()
        if name not in HEAD and value not in (None, [], False)
    ]
    t_ns, mark = fields.get("t_ns"), fields.get("mark")
    when = _utc(t_ns) if isinstance(t_ns, int) else "?"
    marked = "" if mark == "actual" else f" [{str(mark).upper()}]"
    return f"{idx:>7}  {when}{marked}  {fields.get('kind')!s:<9}  {'  '.join(told)}"


def _value(
    name: str, value: str | int | bool | list[str | int] | None, names: dict[str, str]
) -> str:
    if is_commitment(value):
        text = str(value)
        return names.get(text, f"{'text' if text.startswith('t:') else 'person'} {text[2:10]}…")
    if name == "tier" and isinstance(value, int) and value in list(Tier):
        return Tier(value).name
    if name.endswith("_ns") and isinstance(value, int) and name != "step_ns":
        return _utc(value)[11:]
    if isinstance(value, list):
        return ",".join(str(v) for v in value)
    return str(value)


def _times_lines(times: AlertTimes, names: dict[str, str]) -> Iterator[str]:
    who = times.person or times.target
    ended = f", ended: {times.ended}" if times.ended else ", open"
    yield f"alert {times.alert_id} for {names.get(who, who)}{ended}"
    yield "  rev          T0 received      T1 decided   T2 handed   T3 shown    T4 seen    T4 safe"
    for r in times.revisions:
        yield _revision_line(r)
    yield f"  first        {_spans(times.t0_ns, times)}"


def _revision_line(r: RevisionTimes) -> str:
    moments = (r.decided_ns, r.handed_ns, r.delivered_ns, r.seen_ns, r.safe_ns)
    spans = "".join(f"{_span(r.cause_ns, t):>12}" for t in moments)
    return f"  {r.revision:>3} {Tier(r.tier).name:<8} {_utc(r.cause_ns)[11:]}{spans}"


def _spans(t0_ns: int, times: AlertTimes) -> str:
    told = (("T1", times.t1_ns), ("T2", times.t2_ns), ("T3", times.t3_ns), ("T4", times.t4_ns))
    return "  ".join(f"T0→{name} {_span(t0_ns, t).strip()}" for name, t in told)


def _span(t0_ns: int, t_ns: int | None) -> str:
    return "-" if t_ns is None else f"{(t_ns - t0_ns) / NS_PER_MS:+.1f} ms"


def _utc(t_ns: int) -> str:
    """2026-11-23 20:44:01.123 UTC, without the zone's name; a number that is no time as it is."""
    try:
        t = datetime.fromtimestamp(t_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return str(t_ns)
    return f"{t:%Y-%m-%d %H:%M:%S}.{t_ns % 1_000_000_000 // NS_PER_MS:03d}"
