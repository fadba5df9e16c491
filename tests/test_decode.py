from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from corpus import corpus
from vigia.run.decode import decode
from vigia.wire import pcap

SAMPLE = Path(__file__).parent / "samples" / "remote_id.pcapng"


def lines(sensor: str, files: list[Path]) -> tuple[int, list[dict[str, object]]]:
    out = io.StringIO()
    code = decode(sensor, files, out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_a_message_and_refusals_say_why() -> None:
    code, got = lines("remote_id", [SAMPLE])
    assert code == 0
    assert {line["frame"] for line in got if not line["ok"]} == {12, 13, 16}
    assert all(line["why"] for line in got if not line["ok"])
    assert got[-1]["frame"] == 17


def test_an_unknown_sensor_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines("rader", [SAMPLE]) == (2, [])
    assert "got 'rader', need one of" in capsys.readouterr().err


def test_a_missing_file_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, got = lines("remote_id", [tmp_path / "none.pcap", SAMPLE])
    assert code == 1
    assert len(got) > 10
    assert "none.pcap: No such file" in capsys.readouterr().err


def test_a_damaged_file_is_one_line_and_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(SAMPLE.read_bytes()[:-20])
    code, got = lines("remote_id", [cut])
    assert code == 1
    assert got[-1]["damaged"] is True
    assert got[-1]["frame"] == 17
    assert "ends inside the block after frame 16" in capsys.readouterr().err


def test_a_file_too_large_to_hold_is_said_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vigia.run.decode.FILE_MAX", 100)
    assert lines("remote_id", [SAMPLE]) == (1, [])
    assert "need at most 100; split the file" in capsys.readouterr().err


def test_a_link_type_nobody_reads_is_a_line_with_its_reason(tmp_path: Path) -> None:
    other = tmp_path / "ethernet.pcap"
    other.write_bytes(pcap.classic_header(1) + pcap.classic_record(t_ns=1, frame=b"x"))
    code, got = lines("remote_id", [other])
    assert code == 0
    assert got == [
        {
            "file": "ethernet.pcap",
            "frame": 1,
            "ok": False,
            "why": "link type: got 1, need [105, 127, 272]",
        }
    ]


@pytest.mark.corpus
def test_lines_agree_field_by_field_with_the_reference_decoder() -> None:
    """Every frame the reference answers, in order. A bad CRC is refused whatever it says."""
    answers = [
        json.loads(line)
        for line in corpus("remoteid/reference_decode_core-c.jsonl").read_text().splitlines()
    ]
    names = sorted({str(answer["file"]) for answer in answers})
    code, got = lines("remote_id", [corpus(f"remoteid/{name}") for name in names])
    assert code == 0
    bad_crc = [line for line in got if line.get("why") == "bad CRC"]
    assert len(bad_crc) == 30
    by_key = {(line["file"], line["frame"], line["transport"]): line for line in got}
    agreed = 0
    for answer in answers:
        line = by_key.pop((answer["file"], answer["frame"], answer["transport"]))
        if line.get("why") == "bad CRC":
            continue
        line.pop("why", None)
        assert line == answer
        agreed += 1
    assert agreed == 307
    assert [line["why"] for line in by_key.values()] == ["bad CRC"], "one no decoder could read"
