"""What every sensor keeps: found by its module name, no list to add to."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigia.event_base import RAW_MAX
from vigia.events import Fault, Observation
from vigia.run.decode import sensor_names

if TYPE_CHECKING:
    from vigia.sensors.door import Output, SensorAdapter

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "samples"
T_NS = 1_767_226_300_000_000_000
SENSORS = sensor_names()


def adapter(name: str) -> SensorAdapter:
    return importlib.import_module(f"vigia.sensors.{name}").Adapter("north")


def sample(name: str) -> Path:
    found = [p for p in SAMPLES.glob(f"{name}.*") if p.suffix != ".jsonl"]
    assert len(found) == 1, f"tests/samples/{name}.<ext>: need one sample of this sensor's bytes"
    return found[0]


def run(name: str, pieces: list[bytes]) -> list[Output]:
    sensor = adapter(name)
    out: list[Output] = []
    for piece in pieces:
        out += sensor.feed(piece, T_NS)
    return out + sensor.finish(T_NS)


def facts(out: list[Output]) -> tuple[dict[str, bytes], list[Output]]:
    """Rows in their order, and everything else in its order: how rows were cut into scans is
    the only thing that may depend on how the bytes were cut."""
    rows: dict[str, bytes] = {}
    for body in out:
        if isinstance(body, Observation):
            key = f"{body.sensor_id} {body.scan.layout.value}"
            rows[key] = rows.get(key, b"") + body.scan.data
    return rows, [body for body in out if not isinstance(body, Observation)]


def test_there_are_sensors() -> None:
    assert "remote_id" in SENSORS


@pytest.mark.parametrize("name", SENSORS)
def test_sensor_has_a_page_of_documentation(name: str) -> None:
    page = ROOT / "docs" / "sensors" / f"{name}.md"
    assert page.is_file(), f"docs/sensors/{name}.md: say how to wire it, what is read, its traps"
    assert len(page.read_text()) > 500


@pytest.mark.parametrize("name", SENSORS)
def test_sample_gives_observations_and_the_golden_lines(name: str) -> None:
    data = sample(name).read_bytes()
    rows, _ = facts(run(name, [data]))
    assert any(rows.values()), "a sample without an observation proves nothing"
    module = importlib.import_module(f"vigia.sensors.{name}")
    lines = [json.loads(json.dumps(line)) for line in module.decode_lines(data, sample(name).name)]
    golden = (SAMPLES / f"{name}.jsonl").read_text().splitlines()
    assert lines == [json.loads(line) for line in golden]


@pytest.mark.parametrize("name", SENSORS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_where_the_bytes_are_cut_changes_nothing(name: str, data: st.DataObject) -> None:
    whole = sample(name).read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert facts(run(name, pieces)) == facts(run(name, [whole]))


@pytest.mark.parametrize("name", SENSORS)
def test_byte_by_byte_is_the_same_too(name: str) -> None:
    whole = sample(name).read_bytes()
    assert facts(run(name, [whole[i : i + 1] for i in range(len(whole))])) == facts(
        run(name, [whole])
    )


@pytest.mark.parametrize("name", SENSORS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_garbage_and_damage_never_raise_and_faults_are_bounded(
    name: str, data: st.DataObject
) -> None:
    whole = bytearray(sample(name).read_bytes())
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=20)
    ):
        whole[at] = value
    damaged = bytes(whole)[: data.draw(st.integers(0, len(whole)))]
    module = importlib.import_module(f"vigia.sensors.{name}")
    for piece in (data.draw(st.binary(max_size=300)), damaged):
        for body in run(name, [piece]):
            if isinstance(body, Fault):
                assert body.whose == "peer"
                assert len(body.raw) <= RAW_MAX
        for line in module.decode_lines(piece, "x"):
            assert line["ok"] in (True, False)
            assert line["ok"] or line["why"]


@pytest.mark.parametrize("name", SENSORS)
def test_a_shifted_recording_is_the_same_recording_later(name: str) -> None:
    data = sample(name).read_bytes()
    module = importlib.import_module(f"vigia.sensors.{name}")
    shift_ns = 86_400_000_000_000 + 1_234_567_000
    sensor = module.Adapter("north", shift_ns)
    if getattr(module, "UNDATED", False):
        found = [b for b in sensor.feed(data, T_NS) if isinstance(b, Observation)]
        assert all((b.scan.rows()["t_obs_ns"] == T_NS).all() for b in found)
        return
    later = [b for b in sensor.feed(data, T_NS) if isinstance(b, Observation)]
    now = [b for b in adapter(name).feed(data, T_NS) if isinstance(b, Observation)]
    assert len(later) == len(now)
    for a, b in zip(later, now, strict=True):
        assert np.array_equal(a.scan.rows()["t_obs_ns"], b.scan.rows()["t_obs_ns"] + shift_ns)
