"""Settings that were read -> what is wrong with their values, before anything starts."""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING

import msgspec

from vigia.run.channel_check import check_channels
from vigia.run.feeds import load_adapter
from vigia.run.settings import SettingsError
from vigia.run.settings_cap import Cap
from vigia.run.settings_witness import Witness
from vigia.run.tak_wire import parse_url
from vigia.run.transports.url import API, is_url, parse_source
from vigia.terms import Channel, Mark

if TYPE_CHECKING:
    from vigia.run.feeds import Adapter
    from vigia.run.settings import PostEntry, SensorEntry, Settings, Tak

PORT_MAX = 65_535
SERIAL_MAX = 24  # bytes of a stated identity
WORDS_MIN = 10  # characters of an authority that say something
GROUND_CALL_MAX = 120  # characters, on a phone
OWN_MAX = 64  # serials the tracker compares with
CHANCES = ("warning_p", "danger_p", "fall_share")  # keys of [policy]


def check_values(settings: Settings) -> None:
    """Everything a table's types cannot say. Raises SettingsError without the file's name."""
    check_address(settings.listen.address, "[listen] address")
    _check_tak(settings.tak)
    for url in settings.sapient.urls:
        if parse_source(url).scheme not in ("tcp", "tls"):
            raise SettingsError(f"[sapient] urls: got {url!r}; need tcp://HOST:PORT or tls://")
    _altitude(settings.site.alt_hae_m, "[site] alt_hae_m")
    _positive(settings.site.false_tracks_per_hour, "[site] false_tracks_per_hour")
    for serial in settings.site.own_drones:
        if not 0 < len(serial.encode()) <= SERIAL_MAX:
            raise SettingsError(
                f"[site] own_drones: got {serial!r}; need serials of 1 to {SERIAL_MAX} bytes, "
                "as the drone broadcasts them"
            )
    if len(settings.site.ground_call) > GROUND_CALL_MAX:
        raise SettingsError(
            f"[site] ground_call: got {len(settings.site.ground_call)} characters; "
            f'need {GROUND_CALL_MAX} at most, as "EOD desk, 555-0100"'
        )
    if len(settings.site.own_drones) > OWN_MAX:
        raise SettingsError(
            f"[site] own_drones: got {len(settings.site.own_drones)}; need {OWN_MAX} at most"
        )
    for post in settings.posts:
        _check_post(post)
    for name, sensor in settings.sensors.items():
        _check_sensor(name, sensor, settings.mode)
    check_channels(settings)
    sends = any(entry.kind is Channel.CAP for entry in settings.channels.values())
    if sends or settings.cap != Cap():
        _check_cap(settings.cap, sends=sends)
    _check_witness(settings.witness)
    _least(settings.storage.scans_mb_max, 1, "[storage] scans_mb_max")
    _least(settings.storage.forget_after_h, 1, "[storage] forget_after_h")
    for key, value in msgspec.structs.asdict(settings.policy).items():
        if isinstance(value, bool):
            continue
        if key in CHANCES:
            _chance(value, f"[policy] {key}")
        else:
            _positive(value, f"[policy] {key}")


def _check_witness(witness: Witness) -> None:
    from vigia.ledger.note import NoteError, parse_verifier

    if len(witness.ask) != len(witness.keys):
        raise SettingsError(
            f"[witness] keys: got {len(witness.keys)} for {len(witness.ask)} addresses in ask; "
            "need one each, in the same order, as `vigia ledger witness-key` prints there"
        )
    for text in (*witness.logs, *witness.keys):
        try:
            parse_verifier(text)
        except NoteError as e:
            raise SettingsError(f"[witness]: {e}") from e
    _positive(witness.every_s, "[witness] every_s")


def _check_cap(cap: Cap, *, sends: bool) -> None:
    from vigia.run.cap_check import cap_fault, load_anchors  # libraries that few sites need

    wrong = cap_fault(cap, sends=sends)
    if wrong is not None:
        raise SettingsError(wrong)
    try:
        load_anchors(cap.trust)
    except ValueError as e:
        raise SettingsError(f"[cap] trust: {e}") from e


def _check_tak(tak: Tak) -> None:
    for url in tak.urls:
        parse_url(url)
    for key, text in (("listen", tak.listen), ("listen_tls", tak.listen_tls), ("mesh", tak.mesh)):
        if text:
            check_address(text, f"[tak] {key}")
    host = tak.listen.rpartition(":")[0].strip("[]")
    if tak.listen and not (host in ("localhost", "::1") or host.startswith("127.")):
        raise SettingsError(
            f"[tak] listen: got {tak.listen!r}; plain TCP is served on this machine only "
            '(127.0.0.1:8087); for phones and others use listen_tls, such as "0.0.0.0:8089", and '
            "`vigia tak package`"
        )
    if tak.mesh:
        group = tak.mesh.rpartition(":")[0].strip("[]")
        try:
            multicast = ipaddress.ip_address(group).is_multicast
        except ValueError:
            multicast = False
        if not multicast:
            raise SettingsError(
                f"[tak] mesh: got {tak.mesh!r}; need a multicast group such as 239.2.3.1:6969"
            )
    _least(tak.keep_h, 1, "[tak] keep_h")
    _least(tak.keep_mb, 1, "[tak] keep_mb")


def check_address(text: str, key: str) -> None:
    """HOST:PORT of this machine, as an operator writes it. Raises SettingsError."""
    host, _, port = text.rpartition(":")
    digits = port.isascii() and port.isdigit()
    if not _is_host(host) or not digits or int(port) > PORT_MAX:
        raise SettingsError(f"{key}: got {text!r}; need HOST:PORT such as 127.0.0.1:8470")


def _is_host(host: str) -> bool:
    """A name or an IPv4 address, or an IPv6 address with or without brackets."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare:
        try:
            return ipaddress.ip_address(bare).version == 6
        except ValueError:
            return False
    try:
        name = bare.encode("idna").decode()  # what the socket would stumble over later
    except UnicodeError:
        return False
    return bool(name) and all(c.isalnum() or c in "-._" for c in name)


def _check_post(post: PostEntry) -> None:
    _not_negative(post.radius_m, f"[[posts]] {post.id}: radius_m")
    _altitude(post.alt_hae_m, f"[[posts]] {post.id}: alt_hae_m")


def _check_sensor(name: str, sensor: SensorEntry, mode: Mark) -> None:
    key = f"[sensors.{name}]"
    _altitude(sensor.alt_hae_m, f"{key} alt_hae_m")
    _chance(sensor.p_detect, f"{key} p_detect")
    _not_negative(sensor.false_per_hour, f"{key} false_per_hour")
    _positive(sensor.range_max_m, f"{key} range_max_m")
    if sensor.silent_after_s is not None:
        _positive(sensor.silent_after_s, f"{key} silent_after_s")
    if sensor.view_deg_true is not None and not 0.0 <= sensor.view_deg_true < 360.0:
        raise SettingsError(f"{key} view_deg_true: got {sensor.view_deg_true}; need 0 to 360")
    if not 0.0 < sensor.view_width_deg <= 360.0:
        raise SettingsError(f"{key} view_width_deg: got {sensor.view_width_deg}; need 1 to 360")
    if not sensor.source:
        return
    try:
        check_authority(load_adapter(sensor.adapter), sensor)
    except (SettingsError, ValueError, TypeError) as e:  # such as ":Class" or ".x:Class"
        raise SettingsError(f"{key} {e}") from e
    _positive(sensor.posts_per_s, f"{key} posts_per_s")
    if sensor.source == API:
        if not sensor.key_env:
            raise SettingsError(
                f'{key} source "api" needs key_env = "VARIABLE", the environment variable that '
                "holds this sensor's key"
            )
        return
    if is_url(sensor.source):
        try:
            parse_source(sensor.source)
        except SettingsError as e:
            raise SettingsError(f"{key} {e}") from e
        return
    if sensor.source != "-" and mode is Mark.ACTUAL and not sensor.simulated:
        raise SettingsError(
            f"{key} source: got {sensor.source!r} in mode actual; a file is a recording and never "
            'counts as actual: set mode = "exercise", or simulated = true for this sensor'
        )


def check_authority(adapter: type[Adapter], sensor: SensorEntry) -> None:
    """Raises SettingsError: receivers of other people's radio need a legal basis, in words."""
    if getattr(adapter, "NEEDS_AUTHORITY", False) and len(sensor.authority.strip()) < WORDS_MIN:
        raise SettingsError(
            f"adapter {sensor.adapter} listens to radio broadcasts of others and is off until an "
            'administrator records on what authority: authority = "who allowed it, under which '
            'law or order, when"'
        )


def _altitude(value: float | None, key: str) -> None:
    if value is not None and not math.isfinite(value):
        raise SettingsError(f"{key}: got {value}; need metres above the ellipsoid")


def _chance(value: float, key: str) -> None:
    if not 0.0 < value <= 1.0:
        raise SettingsError(f"{key}: got {value}; need more than 0, at most 1")


def _positive(value: float, key: str) -> None:
    if not 0.0 < value < math.inf:
        raise SettingsError(f"{key}: got {value}; need > 0")


def _not_negative(value: float, key: str) -> None:
    if not 0.0 <= value < math.inf:
        raise SettingsError(f"{key}: got {value}; need 0 or more")


def _least(value: int, least: int, key: str) -> None:
    if value < least:
        raise SettingsError(f"{key}: got {value}; need {least} or more")
