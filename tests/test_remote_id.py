from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import captures
from corpus import corpus
from vigia.events import Fault, Observation, OperatorSeen, SensorHeard
from vigia.scan import Flag, IdKind
from vigia.sensors import remote_id
from vigia.sensors.remote_id import Adapter, resolve_ns
from vigia.wire import dot11, odid, odid_encode, pcap

sys.path.insert(0, str(Path(__file__).parent / "samples"))
import make_remote_id as made

S = 1_000_000_000
T_NS = made.T0_NS + 600 * S


def record(
    messages: list[odid.Message], *, t_ns: int = T_NS, address: bytes = made.A, number: int = 1
) -> pcap.Record:
    payload = (
        odid_encode.encode(messages[0]) if len(messages) == 1 else odid_encode.encode_pack(messages)
    )
    frame = dot11.encode_beacon(address=address, counter=number, payload=payload)
    return pcap.Record(number=number, t_ns=t_ns, linktype=105, frame=frame)


def rows(out: list[remote_id.Out]) -> list[np.void]:
    return [row for body in out if isinstance(body, Observation) for row in body.scan.rows()]


def place(**changes: float | None) -> odid.Location:
    return odid.Location(status=2, lat_deg=12.0, lon_deg=-34.0, **changes)  # pyright: ignore


def test_the_sample_file_is_what_its_maker_makes() -> None:
    assert (Path(__file__).parent / "samples" / "remote_id.pcapng").read_bytes() == made.capture()


def test_a_pack_becomes_one_row_with_the_serial_number() -> None:
    out = Adapter("rid").feed_record(record([made.located(0), made.SERIAL]), 0)
    (row,) = rows(out)
    assert row["identity"] == b"VIGIA0TEST0000001"
    assert (row["id_kind"], row["ua_type"]) == (IdKind.SERIAL, 2)
    assert (row["lat_deg"], row["lon_deg"]) == (12.0, -34.0)
    assert row["alt_hae_m"] == 180.0
    assert row["height_m"] == 100.0
    assert np.isnan(row["alt_baro_m"])
    assert row["sigma_m"] == pytest.approx(10 / 2.4477)
    assert (row["speed_mps"], row["course_deg_true"], row["climb_mps"]) == (14.0, 315.0, -1.5)
    assert row["flags"] == Flag.AIRBORNE


def test_a_location_before_its_identifier_goes_out_at_once_without_a_name() -> None:
    sensor = Adapter("rid")
    (first,) = rows(sensor.feed_record(record([made.located(0)]), 0))
    assert (first["identity"], first["id_kind"]) == (b"", IdKind.NONE)
    assert rows(sensor.feed_record(record([made.SERIAL]), 0)) == []
    (second,) = rows(sensor.feed_record(record([made.located(1)], t_ns=T_NS + S), 0))
    assert (second["identity"], second["id_kind"]) == (b"VIGIA0TEST0000001", IdKind.SERIAL)


def test_a_sender_that_never_says_its_name_goes_by_its_address() -> None:
    sensor = Adapter("rid")
    names = list[bytes]()
    for i in range(6):
        (row,) = rows(sensor.feed_record(record([made.located(i)], t_ns=T_NS + i * S), 0))
        names.append(bytes(row["identity"]))
    assert names == [b""] * 4 + [b"wifi-02a0a0a0a0a0"] * 2
    assert row["id_kind"] == IdKind.NODE


def test_a_serial_number_is_not_replaced_by_a_session() -> None:
    sensor = Adapter("rid")
    session = odid.BasicId(id_type=4, ua_type=2, uas_id=b"\x01abc".ljust(20, b"\0"))
    sensor.feed_record(record([made.SERIAL, session]), 0)
    (row,) = rows(sensor.feed_record(record([made.located(0)]), 0))
    assert row["identity"] == b"VIGIA0TEST0000001"


def test_a_binary_identifier_becomes_a_digest_that_fits_and_stays_the_same() -> None:
    session = odid.BasicId(id_type=4, ua_type=0, uas_id=bytes(range(1, 21)))
    names = set[bytes]()
    for _ in range(2):
        (row,) = rows(Adapter("rid").feed_record(record([session, made.located(0)]), 0))
        names.add(bytes(row["identity"]))
    (name,) = names
    assert name.startswith(b"#")
    assert len(name) == 23


def test_a_dated_repeat_tells_nothing_new_ever() -> None:
    sensor = Adapter("rid")
    assert len(rows(sensor.feed_record(record([made.located(0)]), 0))) == 1
    for later_s in (0.1, 0.9, 5.0):
        again = record([made.located(0)], t_ns=T_NS + int(later_s * S))
        assert rows(sensor.feed_record(again, 0)) == []


def test_repeats_interleaved_by_two_carriers_are_still_repeats() -> None:
    sensor = Adapter("rid")
    for i in (0, 1, 2):
        assert len(rows(sensor.feed_record(record([made.located(i)], t_ns=T_NS + i * S), 0))) == 1
    for i in (1, 0, 2):
        assert rows(sensor.feed_record(record([made.located(i)], t_ns=T_NS + 3 * S), 0)) == []


def test_an_undated_repeat_says_still_there_once_a_second() -> None:
    sensor = Adapter("rid")
    counts = [
        len(rows(sensor.feed_record(record([place()], t_ns=T_NS + i * S // 4), 0)))
        for i in range(9)
    ]
    assert counts == [1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_the_location_is_as_old_as_it_says() -> None:
    (row,) = rows(Adapter("rid").feed_record(record([made.located(0)], t_ns=T_NS + S // 4), 0))
    assert row["t_obs_ns"] == T_NS


def test_an_unbelievable_stamp_is_not_believed() -> None:
    for since in (None, 0, 3_000, 36_000):
        location = place(since_hour_ds=since)
        (row,) = rows(Adapter("rid").feed_record(record([location], t_ns=T_NS), 0))
        assert row["t_obs_ns"] == T_NS


def test_stamps_are_resolved_across_the_hour_and_never_into_the_future() -> None:
    hour = made.T0_NS
    assert resolve_ns(35_995, hour + S) == hour - S // 2
    assert resolve_ns(36_000, hour + S) == hour
    assert resolve_ns(2, hour - S // 2) == hour - S // 2, "0.7 s ahead of our clock: now"
    assert resolve_ns(20, hour - S) is None, "3 s ahead: a clock difference"
    assert resolve_ns(0, hour) is None
    assert resolve_ns(36_001, hour + S) is None


def test_a_shift_moves_the_times_and_not_their_meaning() -> None:
    shift_ns = 777 * S + 5
    moved = Adapter("rid", shift_ns).feed_record(record([made.located(0)], t_ns=T_NS + S // 4), 0)
    assert rows(moved)[0]["t_obs_ns"] == T_NS + shift_ns


def test_where_the_operator_is_never_enters_a_scan_and_is_told_once() -> None:
    sensor = Adapter("rid")
    out = sensor.feed_record(record([made.SYSTEM, made.SERIAL, made.located(0)]), 0)
    (seen,) = [body for body in out if isinstance(body, OperatorSeen)]
    assert seen.uas_id == "VIGIA0TEST0000001"
    assert (seen.position.lat_deg, seen.position.lon_deg, seen.position.alt_hae_m) == (
        12.01,
        -34.01,
        90.0,
    )
    assert rows(out)[0]["lat_deg"] == 12.0
    again = sensor.feed_record(record([made.SYSTEM], t_ns=T_NS + S), 0)
    assert not [body for body in again if isinstance(body, OperatorSeen)]


def test_without_a_position_there_is_no_row_but_the_sensor_is_alive() -> None:
    out = Adapter("rid").feed_record(record([odid.Location(status=2), made.SERIAL]), 0)
    assert rows(out) == []


def test_traffic_of_others_shows_that_the_sensor_is_alive() -> None:
    frame = pcap.Record(number=1, t_ns=T_NS, linktype=105, frame=b"\x40" + bytes(60))
    sensor = Adapter("rid")
    assert sensor.feed_record(frame, 0) == [SensorHeard(sensor_id="rid", t_obs_ns=T_NS)]
    assert sensor.feed_record(frame, 0) == []


def test_bad_frames_are_told_at_once_then_counted() -> None:
    sensor = Adapter("rid")
    out: list[remote_id.Out] = []
    for i in range(25):
        frame = captures.nordic_extended(made.C, b"\xf2\x19\x00", crc_ok=False)
        one = pcap.Record(number=i + 1, t_ns=T_NS + i * S, linktype=272, frame=frame)
        out += sensor.feed_record(one, 0)
    out += sensor.finish(0)
    faults = [body for body in out if isinstance(body, Fault) and body.what == "bad CRC"]
    assert [fault.count for fault in faults] == [1, 10, 10, 4]


def test_the_raw_bytes_of_a_refused_pack_are_kept_as_somebodys() -> None:
    payload = odid_encode.encode_pack([made.SYSTEM, made.SERIAL])[:-1]
    frame = dot11.encode_beacon(address=made.A, counter=1, payload=payload)
    (fault,) = Adapter("rid").feed_record(
        pcap.Record(number=1, t_ns=T_NS, linktype=105, frame=frame), 0
    )
    assert isinstance(fault, Fault)
    assert fault.raw == payload
    assert fault.person_id == "operators"


def test_a_link_type_nobody_reads_is_a_fault_that_names_what_is_read() -> None:
    (fault, *_) = Adapter("rid").feed_record(
        pcap.Record(number=1, t_ns=1, linktype=1, frame=b""), 0
    )
    assert isinstance(fault, Fault)
    assert "got 1, need [105, 127, 272]" in fault.what


def test_a_flood_of_addresses_forgets_the_longest_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_id, "SENDERS_MAX", 3)
    sensor = Adapter("rid")
    sensor.feed_record(record([made.SERIAL]), 0)
    for i in range(5):
        sensor.feed_record(record([made.located(0)], address=bytes([2, 0, 0, 0, 0, i])), 0)
        (row,) = rows(sensor.feed_record(record([made.located(i)], t_ns=T_NS + i * S), 0))
        assert row["identity"] == b"VIGIA0TEST0000001", "one who speaks is not forgotten"
    assert len(sensor._senders) == 3


def test_a_truncated_capture_gives_what_came_before_and_one_fault() -> None:
    data = made.capture()
    sensor = Adapter("rid")
    out = sensor.feed(data[:-30], 0) + sensor.finish(0)
    assert len(rows(out)) == 7
    faults = [body for body in out if isinstance(body, Fault) and "ends inside" in body.what]
    assert len(faults) == 1


@pytest.mark.corpus
def test_wifi_captures_made_by_others_become_rows_and_the_operator() -> None:
    for name, count, identities in (
        ("odid_wifi_bcn_sample.pcap", 16, {b"MFG1A0123456789"}),
        ("odid_wifi_sample.pcap", 17, {b"", b"wifi-84cca8604324"}),
    ):
        sensor = Adapter("rid")
        out = sensor.feed(corpus(f"remoteid/{name}").read_bytes(), 0) + sensor.finish(0)
        found = rows(out)
        assert len(found) == count
        assert {bytes(row["identity"]) for row in found} == identities
        assert all(abs(row["lat_deg"] - 45.546) < 0.01 for row in found)
        assert sum(isinstance(body, OperatorSeen) for body in out) == 1
        assert not [body for body in out if isinstance(body, Fault)]


@pytest.mark.corpus
def test_bluetooth_capture_made_by_others_counts_30_bad_checksums_and_no_drone() -> None:
    sensor = Adapter("rid")
    out = sensor.feed(corpus("remoteid/odid_bt5_lr_sample.pcapng").read_bytes(), 0) + sensor.finish(
        0
    )
    faults = [body for body in out if isinstance(body, Fault)]
    assert sum(f.count for f in faults if f.what == "bad CRC") == 30
    assert rows(out) == [], "its 237 good locations have no position"
