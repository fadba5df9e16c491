"""Each weak spot of an installation is named with what to do; a sound one has none."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vigia.events import CoreSettings, Post, SensorSite
from vigia.run.backup_note import BackupNote
from vigia.run.catalogue import setup_words
from vigia.run.doctor.checks import DAY_S, findings
from vigia.run.doctor.facts import Facts, Person, gather
from vigia.run.doctor.report import doctor, tell
from vigia.run.plan import RunPlan, write_plan
from vigia.run.settings import Listen, SettingsError, Storage
from vigia.terms import Lang, Mark, Position

NOW = 1_800_000_000
WHERE = Position(31.79, -106.75, None)


def plan(address: str = "0.0.0.0:8470", mode: Mark = Mark.ACTUAL, **listen: Any) -> RunPlan:
    core = CoreSettings(
        mode=mode,
        origin=WHERE,
        posts=(Post(post_id="12", name="Post 12", position=WHERE),),
        sensors=(SensorSite(sensor_id="mast", kind="remote_id"),),
    )
    return RunPlan(
        site_name="site", core=core, listen=Listen(address=address, **listen), storage=Storage()
    )


def person(name: str, role: str = "agent", **changes: Any) -> Person:
    known = Person(person_id=name, name=name, role=role, devices=1)
    return msgspec.structs.replace(known, **changes)


SOUND = Facts(
    folder="/srv/vigia",
    now_s=NOW,
    plan=plan(),
    running=True,
    folder_mode=0o700,
    disk_free=10**11,
    disk_total=2 * 10**11,
    people=(person("A", "admin"), person("B", "admin"), person("C")),
    heard_s={"mast": NOW - 5},
    leaf_end_s=NOW + 300 * DAY_S,
    ca_end_s=NOW + 3_000 * DAY_S,
    has_ca=True,
    clock_in_step=True,
    files_max=65_536,
    backup=BackupNote(t_s=NOW - DAY_S, target="/backup", with_keys=True),
    ledger_entries=10,
    witness_s=NOW - DAY_S,
)

WEAK: list[tuple[str, dict[str, Any]]] = [
    ("folder", {"folder_mode": 0o755}),
    ("folder", {"owned": False}),
    ("loose_keys", {"loose_keys": ("/srv/vigia/keys/session.key",)}),
    ("unread", {"trouble": ("journal.sqlite: damaged",)}),
    ("not_running", {"running": False}),
    ("not_actual", {"plan": plan(mode=Mark.EXERCISE)}),
    ("loopback", {"plan": plan("127.0.0.1:8470")}),
    ("loopback_proxy", {"plan": plan("127.0.0.1:8470", hosts=("vigia.example",))}),
    ("no_cert", {"leaf_end_s": None}),
    ("cert_own", {"leaf_end_s": NOW + 5 * DAY_S}),
    ("cert_given", {"plan": plan(cert="a", key="b"), "leaf_end_s": NOW + 5 * DAY_S}),
    ("ca_end", {"ca_end_s": NOW + 30 * DAY_S}),
    ("clock", {"clock_in_step": False}),
    ("clock_unknown", {"clock_in_step": None}),
    ("disk", {"disk_free": 10**9}),
    ("files", {"files_max": 200}),
    ("admins", {"people": (person("A", "admin"), person("C"))}),
    ("no_officer", {"people": (person("C"),)}),
    ("unreached", {"people": (*(SOUND.people or ()), person("D", devices=0))}),
    ("nobody", {"people": ()}),
    ("never_heard", {"heard_s": {}}),
    ("silent", {"heard_s": {"mast": NOW - 7_200}}),
    ("no_backup", {"backup": None}),
    ("old_backup", {"backup": BackupNote(t_s=NOW - 30 * DAY_S, target="/b", with_keys=True)}),
    ("backup_keys", {"backup": BackupNote(t_s=NOW, target="/b")}),
    ("no_witness", {"witness_s": None}),
    ("old_witness", {"witness_s": NOW - 30 * DAY_S}),
]


def test_a_sound_installation_has_no_finding() -> None:
    assert findings(SOUND) == []


@pytest.mark.parametrize(("key", "changes"), WEAK)
def test_each_weak_spot_is_named_in_both_languages(key: str, changes: dict[str, Any]) -> None:
    found = findings(msgspec.structs.replace(SOUND, **changes))
    assert key in [f.key for f in found]
    for lang in Lang:
        for one in found:
            told = tell(one, setup_words(lang))
            assert told.what
            assert "{" not in told.what + told.fix


def test_somebody_with_another_channel_is_reached() -> None:
    people = (*(SOUND.people or ()), person("D", devices=0, channels=("sms",)))
    assert findings(msgspec.structs.replace(SOUND, people=people)) == []


def test_both_languages_have_the_same_words() -> None:
    assert setup_words(Lang.EN).keys() == setup_words(Lang.ES).keys()


def test_a_folder_is_looked_at_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_plan(folder, plan("127.0.0.1:0"))
    (folder / "keys").mkdir(mode=0o700)
    loose = folder / "keys" / "session.key"
    loose.write_bytes(b"x")
    loose.chmod(0o644)
    folder.chmod(0o755)
    facts = gather(folder, now_s=int(time.time()), witness=None)
    assert facts.loose_keys == (str(loose),)
    assert facts.folder_mode == 0o755
    assert not facts.running
    assert facts.people is None
    assert {f.key for f in findings(facts)} >= {"folder", "loose_keys", "not_running", "unread"}
    out = io.StringIO()
    assert doctor(folder, lang=Lang.ES, as_json=False, witness=None, out=out) == 1
    assert "GRAVE" in out.getvalue()
    out = io.StringIO()
    doctor(folder, lang=Lang.EN, as_json=True, witness=None, out=out)
    assert "not_running" in {one["key"] for one in msgspec.json.decode(out.getvalue())}


def test_a_folder_that_is_not_there_is_the_operators_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--data"):
        doctor(tmp_path / "no", lang=Lang.EN, as_json=False, witness=None, out=io.StringIO())


def test_who_runs_as_root_reads_everything_and_modes_still_count(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    facts = gather(tmp_path, now_s=NOW, witness=None)
    assert facts.owned == (tmp_path.stat().st_uid == os.getuid())
