"""Exports whose every record is proved against the ledger's signed root, checked without us."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tools.live import Person, live, wait_for

from vigia.run.records.proved import SUFFIX, verify_export
from vigia.run.records.tables import FORMATS
from vigia.terms import Role

TABLE = """begins,country,killed,injured,summary,source,url
2024-05-01,MX,2,3-5,drones dropped grenades on a patrol,a paper,https://example.org/1
2024-05-02,MX,,1,a drone crashed,another paper,https://example.org/2
2025-01-01,CO,0,0,a drone fell,a paper,
"""


def checked(path: Path, key: str | None = None) -> tuple[int, str]:
    out = io.StringIO()
    return verify_export(path, key=key, out=out), out.getvalue()


def vigia(*words: str) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "vigia", *words], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Every format, by the command line and by the console's door; and the log's own key."""
    folder = tmp_path_factory.mktemp("proved")
    data = folder / "data"
    args = ["watch", "--post", "Post 12,31.792,-106.742", "--data", str(data)]
    with live(args, data) as running:
        ines = Person.enrolled(running, "Ines Vega", Role.ANALYST)
        body = {"text": TABLE, "profile": "vigia"}
        assert ines.http.post("/api/v1/incidents/import", json=body).json()["kept"] == 3

        def packed() -> zipfile.ZipFile | None:
            answer = ines.http.get("/api/v1/incidents/export?format=csv&proofs=1")
            if answer.status_code != 200:
                return None
            found = zipfile.ZipFile(io.BytesIO(answer.content))
            proofs = json.loads(found.read(f"incidents.csv{SUFFIX}"))
            return found if len(proofs["records"]) == 3 else None

        wait_for(packed, 30, 0.3).extractall(folder)
        for form in FORMATS:
            vigia("incidents", "export", str(folder / f"x.{form}"), "--data", str(data))
        paper = ines.http.post("/api/v1/incidents/report", json={"lang": "es"})
        assert paper.content[:5] == b"%PDF-"
        drawn = ines.http.post("/api/v1/incidents/figures", json={}).json()["figures"]
        assert {"time.attack", "kind"} <= set(drawn)
        assert all(f["svg"].startswith("<svg") and "root" in f["svg"] for f in drawn.values())
        key = vigia("ledger", "key", "--data", str(data)).strip()
    return folder, key


def test_each_format_holds_under_the_key_that_one_was_told(exports: tuple[Path, str]) -> None:
    folder, key = exports
    for name in (*(f"x.{form}" for form in FORMATS), "incidents.csv"):
        code, said = checked(folder / name, key)
        assert code == 0, said
        assert "3 records are in the ledger" in said
    assert "is exactly what they say" in vigia("ledger", "verify-export", str(folder / "x.csv"))
    assert '"incidents"' in (folder / "x.json").read_text()


def test_whatever_is_changed_is_found(exports: tuple[Path, str], tmp_path: Path) -> None:
    folder, key = exports
    file, proofs = (folder / "x.csv").read_bytes(), (folder / f"x.csv{SUFFIX}").read_text()
    told = json.loads(proofs)

    def changed(data: bytes, what: object) -> str:
        (tmp_path / "x.csv").write_bytes(data)
        (tmp_path / f"x.csv{SUFFIX}").write_text(json.dumps(what))
        code, said = checked(tmp_path / "x.csv", key)
        assert code == 1, said
        return said

    assert "not the file" in changed(file.replace(b"patrol", b"convoy"), told)
    first = told["records"][0]
    forged = first | {"content": first["content"].replace("candidate", "verified")}
    assert "not what the ledger remembers" in changed(file, told | {"records": [forged]})
    moved = first | {"index": first["index"] + 1}
    assert "not under the root" in changed(file, told | {"records": [moved]})
    assert "of another record" in changed(file, told | {"records": [first | {"id": "x"}]})
    fewer = told | {"records": told["records"][:-1]}
    assert "does not say" in changed(file, fewer)
    note = told["checkpoint"].replace("\n", "\nx", 1)
    assert "DOES NOT HOLD" in changed(file, told | {"checkpoint": note})
