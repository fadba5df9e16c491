"""`source` of a sensor in the settings -> its parts, checked before anything starts.

Secrets never stand in a URL: `password_env=NAME` names an environment variable.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vigia.run.settings import SettingsError

SCHEMES: dict[str, frozenset[str]] = {  # and the words each takes behind "?"
    "tcp": frozenset(),
    "tls": frozenset({"ca", "cert", "key", "name"}),
    "tcp-listen": frozenset({"from"}),
    "tls-listen": frozenset({"from", "ca", "cert", "key"}),
    "udp": frozenset({"from", "interface"}),
    "mqtt": frozenset({"user", "password_env", "client_id"}),
    "mqtts": frozenset({"user", "password_env", "client_id", "ca", "cert", "key"}),
    "zmq": frozenset({"topic"}),
    "serial": frozenset({"baud"}),
    "poll+http": frozenset({"every_s", "user", "password_env"}),
    "poll+https": frozenset({"every_s", "user", "password_env", "ca"}),
}
API = "api"  # over HTTP to vigia itself (run/http_observe.py)
EXAMPLES = (
    '"-", a file, tcp://host:port, tls://host:port, tcp-listen://127.0.0.1:port, '
    "udp://address:port, mqtt://host/topic, zmq://host:port, serial:///dev/ttyUSB0, "
    "poll+http://host/path"
)
PORTS = {"mqtt": 1883, "mqtts": 8883, "poll+http": 80, "poll+https": 443}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    options: dict[str, str] = {}
    text: str = ""  # for people; it holds no secret

    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Who may speak; empty: this machine only."""
        words = [w for w in self.options.get("from", "").split(",") if w]
        return tuple(ipaddress.ip_network(w, strict=False) for w in words)

    def admits(self, address: str) -> bool:
        """address: of a peer, as the socket tells it."""
        bare = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(bare, "ipv4_mapped", None)
        bare = mapped or bare
        nets = self.networks()
        return bare.is_loopback if not nets else any(bare in net for net in nets)


def is_url(source: str) -> bool:
    return "://" in source


def parse_source(text: str) -> Source:
    """Raises SettingsError saying what is needed."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as e:
        raise SettingsError(f"source: got {text!r} ({e}); need one of {EXAMPLES}") from e
    scheme = parts.scheme
    if scheme not in SCHEMES:
        raise SettingsError(f"source: got {text!r}; need one of {EXAMPLES}")
    if parts.username or parts.password:
        raise SettingsError(
            f"source: got a user or password in a {scheme} URL; write ?user=NAME&password_env="
            "VARIABLE and put the password into that environment variable"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key in options:
        if key not in SCHEMES[scheme]:
            known = ", ".join(sorted(SCHEMES[scheme])) or "none"
            raise SettingsError(f"source: {scheme} does not know {key!r}; it takes {known}")
    found = Source(
        scheme=scheme,
        host=host,
        port=port or PORTS.get(scheme, 0),
        path=parts.path,
        options=options,
        text=text,
    )
    _check(found)
    return found


def _check(source: Source) -> None:
    scheme, text = source.scheme, source.text
    if scheme == "serial":
        if not source.path or source.host:
            raise SettingsError(f"source: got {text!r}; need serial:///dev/ttyUSB0?baud=115200")
        _whole(source, "baud", 115_200, 300, 4_000_000)
        return
    if not source.host or not source.port:
        raise SettingsError(f"source: got {text!r}; need {scheme}://HOST:PORT")
    if scheme.startswith("mqtt") and len(source.path) < 2:
        raise SettingsError(f"source: got {text!r}; need {scheme}://HOST:PORT/TOPIC")
    if scheme.startswith("poll"):
        every_s(source)
    try:
        nets = source.networks()
    except ValueError as e:
        raise SettingsError(f"source: from: {e}; need networks such as 192.168.7.0/24") from e
    if scheme in ("tcp-listen", "udp") and not nets and not _is_loopback(source.host):
        raise SettingsError(
            f"source: {scheme}://{source.host} takes what anybody sends, unproved; say who may: "
            "?from=192.168.7.0/24 (several with commas), or listen on 127.0.0.1"
        )
    if scheme == "tls-listen" and not {"cert", "key", "ca"} <= set(source.options):
        raise SettingsError("source: tls-listen needs ?cert=FILE&key=FILE&ca=FILE (of its clients)")


def every_s(source: Source) -> float:
    """Between two requests. Raises SettingsError."""
    text = source.options.get("every_s", "1")
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.2 <= value <= 3_600.0:
        raise SettingsError(f"source: every_s: got {text!r}; need 0.2 to 3600")
    return value


def baud(source: Source) -> int:
    return _whole(source, "baud", 115_200, 300, 4_000_000)


def _whole(source: Source, key: str, default: int, least: int, most: int) -> int:
    text = source.options.get(key, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"source: {key}: got {text!r}; need {least} to {most}")
    return int(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
