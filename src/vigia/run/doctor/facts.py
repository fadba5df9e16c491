"""A data folder and the machine it is on -> plain facts, read once; nothing is judged here.

Reading changes nothing and needs no running vigia. What cannot be read is None.
"""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import msgspec
from cryptography import x509

from vigia.event_base import Body
from vigia.events import DeviceEnrolled, DeviceRevoked, PersonAdded
from vigia.run.backup_note import BackupNote, read_note
from vigia.run.doctor.clock import clock_in_step
from vigia.run.journal_tables import DATABASE, connect_read_only
from vigia.run.plan import RunPlan, read_plan

SENSOR_ROWS_MAX = 200_000  # newest inputs looked at for the last word of each sensor
PEOPLE_ROWS_MAX = 200_000
FILES_MAX = 10_000  # of the keys folder
HEARD = ("Observation", "SensorHeard")
SIDE = (".sqlite-wal", ".sqlite-shm")  # SQLite's own beside a database


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Of the newest word about him. channels: besides an enrolled device."""

    person_id: str
    name: str
    role: str
    devices: int
    channels: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths of time in seconds, sizes in bytes."""

    folder: str
    now_s: int
    plan: RunPlan | None = None
    running: bool = False
    folder_mode: int = 0
    owned: bool = True
    loose_keys: tuple[str, ...] = ()  # key files that others may read
    disk_free: int = 0
    disk_total: int = 1
    people: tuple[Person, ...] | None = None
    heard_s: dict[str, int] = {}  # by sensor: when it last spoke
    leaf_end_s: int | None = None
    ca_end_s: int | None = None
    has_ca: bool = False
    clock_in_step: bool | None = None
    files_max: int = 0
    backup: BackupNote | None = None
    ledger_entries: int | None = None
    witness_s: int | None = None  # when the newest checkpoint kept elsewhere was written
    trouble: tuple[str, ...] = ()  # what could not be read


def gather(folder: Path, *, now_s: int, witness: Path | None) -> Facts:
    """folder: the data folder. Nothing is raised: what cannot be read is told in trouble."""
    trouble: list[str] = []
    plan = None
    try:
        plan = read_plan(folder)
    except (OSError, msgspec.MsgspecError) as e:
        trouble.append(f"run.json: {e}")
    people, heard = _journal(folder, trouble)
    seen = folder.stat()
    usage = shutil.disk_usage(folder)
    leaf, ca = _certificates(folder, plan)
    return Facts(
        folder=str(folder),
        now_s=now_s,
        plan=plan,
        running=_is_running(folder),
        folder_mode=stat.S_IMODE(seen.st_mode),
        owned=seen.st_uid == os.getuid(),
        loose_keys=_loose_keys(folder, plan),
        disk_free=usage.free,
        disk_total=usage.total,
        people=people,
        heard_s=heard,
        leaf_end_s=leaf,
        ca_end_s=ca,
        has_ca=ca is not None,
        clock_in_step=clock_in_step(),
        files_max=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        backup=read_note(folder),
        ledger_entries=_ledger_entries(folder, trouble),
        witness_s=_witness_s(witness, trouble),
        trouble=tuple(trouble),
    )


def _is_running(folder: Path) -> bool:
    """The supervisor holds run.lock as long as it lives."""
    try:
        fd = os.open(folder / "run.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _loose_keys(folder: Path, plan: RunPlan | None) -> tuple[str, ...]:
    """Secrets that group or others may read. Certificates are public and left out."""
    found: list[str] = []
    keys = folder / "keys"
    paths = [keys, *list(keys.rglob("*"))[:FILES_MAX]] if keys.is_dir() else []
    if plan is not None and plan.listen.key is not None:
        paths.append(Path(plan.listen.key))
    paths += [folder / name for name in ("gateway.sqlite", DATABASE)]
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if path.suffix not in (".crt", ".pub") and mode & 0o077:
            found.append(str(path))
    return tuple(found)


def _journal(folder: Path, trouble: list[str]) -> tuple[tuple[Person, ...] | None, dict[str, int]]:
    try:
        with closing(connect_read_only(folder / DATABASE)) as db:
            return _people(db), _heard(db)
    except (sqlite3.Error, OSError, msgspec.MsgspecError) as e:
        trouble.append(f"{DATABASE}: {e}")
        return None, {}


def _people(db: sqlite3.Connection) -> tuple[Person, ...]:
    people: dict[str, PersonAdded] = {}
    owner: dict[str, str] = {}
    contacts: dict[str, tuple[str, ...]] = {}
    rows = db.execute(
        "SELECT kind, body FROM (SELECT seq, kind, body FROM inputs WHERE kind IN ('PersonAdded',"
        " 'DeviceEnrolled', 'DeviceRevoked', 'ContactSet') ORDER BY seq DESC LIMIT ?) ORDER BY seq",
        (PEOPLE_ROWS_MAX,),
    )
    for kind, body in rows:
        match kind:
            case "PersonAdded":
                person = msgspec.json.decode(body, type=PersonAdded)
                people[person.person_id] = person
            case "DeviceEnrolled":
                device = msgspec.json.decode(body, type=DeviceEnrolled)
                owner[device.device_id] = device.person_id
            case "DeviceRevoked":
                owner.pop(msgspec.json.decode(body, type=DeviceRevoked).device_id, None)
            case _:
                _contact(body, contacts)
    return tuple(
        Person(
            person_id=p.person_id,
            name=p.name,
            role=p.role.value,
            devices=sum(1 for who in owner.values() if who == p.person_id),
            channels=contacts.get(p.person_id, ()),
        )
        for p in people.values()
    )


class _Contact(Body, frozen=True, kw_only=True):
    """The part of a ContactSet that tells of a channel; its address stays sealed."""

    person_id: str = ""
    channel: str = ""
    on: bool = True


def _contact(body: bytes, contacts: dict[str, tuple[str, ...]]) -> None:
    try:
        found = msgspec.json.decode(body, type=_Contact)
    except msgspec.MsgspecError:
        return  # sealed: nobody's address is needed here
    others = tuple(c for c in contacts.get(found.person_id, ()) if c != found.channel)
    contacts[found.person_id] = (*others, found.channel) if found.on else others


def _heard(db: sqlite3.Connection) -> dict[str, int]:
    newest = db.execute("SELECT ifnull(max(seq), 0) FROM inputs").fetchone()[0]
    rows = db.execute(
        "SELECT source, max(t_recv_ns) FROM inputs WHERE seq > ? AND kind IN (?, ?)"
        " GROUP BY source",
        (newest - SENSOR_ROWS_MAX, *HEARD),
    )
    return {source.removeprefix("sensor/"): t_ns // 1_000_000_000 for source, t_ns in rows}


def _certificates(folder: Path, plan: RunPlan | None) -> tuple[int | None, int | None]:
    """Ends of the certificate that is served and of the site's own CA."""
    tls = folder / "keys" / "tls"
    given = None if plan is None or plan.listen.cert is None else Path(plan.listen.cert)
    return _end_s(given or tls / "leaf.crt"), _end_s(tls / "ca.crt")


def _end_s(path: Path) -> int | None:
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    return int(found.not_valid_after_utc.timestamp())


def _ledger_entries(folder: Path, trouble: list[str]) -> int | None:
    from vigia.run.ledger_store import LedgerError, LedgerReader

    try:
        reader = LedgerReader(folder)
    except (LedgerError, sqlite3.Error, OSError) as e:
        trouble.append(f"ledger: {e}")
        return None
    try:
        return reader.size()
    finally:
        reader.close()


def _witness_s(path: Path | None, trouble: list[str]) -> int | None:
    if path is None:
        return None
    try:
        return int(path.stat().st_mtime)
    except OSError as e:
        trouble.append(f"--witness {path}: {e.strerror}")
        return None
