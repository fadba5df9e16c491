"""The example package is built, installed elsewhere and loaded as package:Adapter."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigia.events import Fault, Observation, SensorHeard
from vigia.run.feeds import load_adapter
from vigia.run.kinds import kind_of

PACKAGE = Path(__file__).resolve().parents[1] / "examples" / "adapter-package"
LINES = b"ACME,1767226297000,41.5,900,14\nACME,ALIVE\r\nACME,x,1,2,3\nno\n" + b"y" * 300 + b"\n"
T_NS = 1_767_226_300_000_000_000


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("installed")
    uv = shutil.which("uv")
    if uv is not None:  # a real wheel, unpacked as pip does; else its source folder
        command = [uv, "build", "--wheel", "--offline", "--no-build-isolation", "-q"]
        built = subprocess.run(
            [*command, "--python", sys.executable, "-o", str(folder), str(PACKAGE)],
            capture_output=True, check=False,
        )  # fmt: skip
        wheels = list(folder.glob("*.whl"))
        if built.returncode == 0 and wheels:
            zipfile.ZipFile(wheels[0]).extractall(folder)
    if not (folder / "acme_radar").is_dir():
        shutil.copytree(PACKAGE / "src" / "acme_radar", folder / "acme_radar")
    sys.path.insert(0, str(folder))
    try:
        yield load_adapter("acme_radar:Adapter")
    finally:
        sys.path.remove(str(folder))


def test_it_is_loaded_by_name_and_says_what_it_is(adapter: Any) -> None:
    found = adapter("acme").feed(LINES, T_NS)
    assert [type(body) for body in found] == [Observation, SensorHeard, Fault, Fault, Fault]
    assert found[0].scan.rows()["range_m"][0] == 900.0
    assert kind_of("acme_radar:Adapter") == "radar"


@given(st.lists(st.integers(0, len(LINES)), max_size=6), st.binary(max_size=50))
def test_it_keeps_the_contract_of_sensors(cuts: list[int], garbage: bytes) -> None:
    try:
        make: Any = load_adapter("acme_radar:Adapter")
    except Exception:  # noqa: BLE001 - the fixture's path is gone when this runs alone
        sys.path.insert(0, str(PACKAGE / "src"))
        make = load_adapter("acme_radar:Adapter")
    edges = [0, *sorted(cuts), len(LINES)]
    whole, split = make("acme"), make("acme")
    parts = [LINES[a:b] for a, b in pairwise(edges)]
    assert [b for p in parts for b in split.feed(p, T_NS)] == whole.feed(LINES, T_NS)
    make("acme").feed(garbage, T_NS)
