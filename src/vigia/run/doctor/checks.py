"""Facts -> findings: each names a weak spot and says what to do. No IO here.

Words come from the catalogue, so that a Spanish administrator reads Spanish.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from vigia.run.doctor.facts import Facts, Person
from vigia.run.invitations import is_loopback
from vigia.terms import Mark

DAY_S = 86_400
CERT_DAYS = 21
CA_DAYS = 180
BACKUP_DAYS = 7
WITNESS_DAYS = 7
SILENT_S = 3_600  # a sensor without a limit of its own
DISK_SHARE = 0.10
DISK_BYTES = 2_000_000_000
FILES_A_PERSON = 2  # a phone and a console
FILES_OWN = 256  # databases, link, libraries
NAMES_MAX = 5  # shown of a list
ADMINS_MIN = 2


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """key: in the catalogue, as doctor.KEY.what and doctor.KEY.fix. grave: people may not be
    warned, or others may read what is theirs."""

    key: str
    grave: bool
    values: dict[str, Any] = {}


def findings(facts: Facts) -> list[Finding]:
    """Grave ones first, each in the order of looking."""
    found = [
        *_folder(facts),
        *_site(facts),
        *_tls(facts),
        *_machine(facts),
        *_people(facts),
        *_sensors(facts),
        *_record(facts),
    ]
    return [f for f in found if f.grave] + [f for f in found if not f.grave]


def _folder(f: Facts) -> Iterator[Finding]:
    if f.folder_mode & 0o077 or not f.owned:
        yield Finding(
            key="folder", grave=True, values={"folder": f.folder, "mode": f"{f.folder_mode:o}"}
        )
    if f.loose_keys:
        yield Finding(key="loose_keys", grave=True, values={"files": _some(f.loose_keys)})
    for what in f.trouble:
        yield Finding(key="unread", grave=False, values={"what": what})


def _site(f: Facts) -> Iterator[Finding]:
    if not f.running:
        yield Finding(key="not_running", grave=True, values={"folder": f.folder})
    if f.plan is None:
        return
    if f.plan.core.mode is not Mark.ACTUAL:
        yield Finding(key="not_actual", grave=True, values={"mode": f.plan.core.mode.value})
    if not f.plan.core.posts:
        yield Finding(key="no_posts", grave=True)
    if any(s.simulated for s in f.plan.core.sensors) and f.plan.core.mode is Mark.ACTUAL:
        names = [s.sensor_id for s in f.plan.core.sensors if s.simulated]
        yield Finding(key="simulated", grave=False, values={"sensors": _some(names)})


def _tls(f: Facts) -> Iterator[Finding]:
    if f.plan is None:
        return
    host = f.plan.listen.address.rpartition(":")[0].strip("[]")
    if is_loopback(host):
        key = "loopback_proxy" if f.plan.listen.hosts else "loopback"
        yield Finding(key=key, grave=False, values={"address": f.plan.listen.address})
        return
    if f.leaf_end_s is None:
        yield Finding(key="no_cert", grave=True, values={"address": f.plan.listen.address})
    elif f.leaf_end_s - f.now_s < CERT_DAYS * DAY_S:
        days = (f.leaf_end_s - f.now_s) // DAY_S
        key = "cert_own" if f.plan.listen.cert is None else "cert_given"
        yield Finding(key=key, grave=days < 1, values={"days": days})
    if f.ca_end_s is not None and f.ca_end_s - f.now_s < CA_DAYS * DAY_S:
        yield Finding(key="ca_end", grave=False, values={"days": (f.ca_end_s - f.now_s) // DAY_S})


def _machine(f: Facts) -> Iterator[Finding]:
    if f.clock_in_step is False:
        yield Finding(key="clock", grave=True)
    elif f.clock_in_step is None:
        yield Finding(key="clock_unknown", grave=False)
    if f.disk_free < DISK_BYTES or f.disk_free < DISK_SHARE * f.disk_total:
        yield Finding(
            key="disk",
            grave=f.disk_free < DISK_BYTES // 4,
            values={"free_gb": f"{f.disk_free / 1e9:.1f}", "total_gb": f"{f.disk_total / 1e9:.0f}"},
        )
    people = len(f.people or ())
    need = people * FILES_A_PERSON + FILES_OWN
    if f.files_max < need:
        yield Finding(
            key="files",
            grave=f.files_max < people + FILES_OWN,
            values={"got": f.files_max, "need": need, "people": people},
        )


def _people(f: Facts) -> Iterator[Finding]:
    if f.people is None:
        return
    admins = [p for p in f.people if p.role == "admin" and p.devices]
    if len(admins) < ADMINS_MIN:
        yield Finding(key="admins", grave=False, values={"count": len(admins)})
    if not any(p.role in ("watch_officer", "admin") and p.devices for p in f.people):
        yield Finding(key="no_officer", grave=True)
    unreached = [p for p in f.people if not _reachable(p)]
    if unreached:
        yield Finding(
            key="unreached",
            grave=True,
            values={"count": len(unreached), "names": _some([p.name for p in unreached])},
        )
    if not f.people:
        yield Finding(key="nobody", grave=True)


def _reachable(person: Person) -> bool:
    return person.devices > 0 or bool(person.channels)


def _sensors(f: Facts) -> Iterator[Finding]:
    if f.plan is None:
        return
    if not f.plan.core.sensors:
        yield Finding(key="no_sensors", grave=False)
    for site in f.plan.core.sensors:
        heard_s = f.heard_s.get(site.sensor_id)
        limit_s = site.silent_after_s or SILENT_S
        if heard_s is None:
            yield Finding(key="never_heard", grave=True, values={"sensor": site.sensor_id})
        elif f.now_s - heard_s > limit_s:
            yield Finding(
                key="silent",
                grave=True,
                values={"sensor": site.sensor_id, "minutes": (f.now_s - heard_s) // 60},
            )


def _record(f: Facts) -> Iterator[Finding]:
    if f.backup is None:
        yield Finding(key="no_backup", grave=False, values={"folder": f.folder})
    elif f.now_s - f.backup.t_s > BACKUP_DAYS * DAY_S:
        days = (f.now_s - f.backup.t_s) // DAY_S
        yield Finding(
            key="old_backup", grave=False, values={"days": days, "target": f.backup.target}
        )
    elif not f.backup.with_keys:
        yield Finding(key="backup_keys", grave=False, values={"target": f.backup.target})
    if f.witness_s is None:
        yield Finding(key="no_witness", grave=False)
    elif f.now_s - f.witness_s > WITNESS_DAYS * DAY_S:
        yield Finding(
            key="old_witness", grave=False, values={"days": (f.now_s - f.witness_s) // DAY_S}
        )


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:NAMES_MAX])
    more = len(names) - NAMES_MAX
    return f"{shown} (+{more})" if more > 0 else shown
