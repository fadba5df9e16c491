"""`[channels.NAME]` and `[reach]` that were read -> what is wrong with their values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vigia.run.channel_settings import MESHTASTIC, OF_A_PERSON, RETRY, ChannelEntry
from vigia.run.settings_reach import check_times
from vigia.terms import Channel

if TYPE_CHECKING:
    from vigia.run.settings import Settings
    from vigia.run.settings_reach import Reach

MESH_CHANNELS = 8  # of a Meshtastic node
CHANNELS_MAX = 32
SCHEMES: dict[Channel, tuple[str, ...]] = {
    Channel.NTFY: ("http", "https"),
    Channel.WEBHOOK: ("http", "https"),
    Channel.SIREN: ("http", "https"),
    Channel.MQTT: ("mqtt", "mqtts"),
}
SECRET_NEEDED = {Channel.WEBHOOK, Channel.SMS, Channel.EMAIL}


def check_channels(settings: Settings) -> None:
    """Raises SettingsError without the file's name."""
    from vigia.run.settings import SettingsError  # it needs this module

    try:
        _check(settings)
    except ValueError as e:
        raise SettingsError(str(e)) from e


def _check(settings: Settings) -> None:
    if len(settings.channels) > CHANNELS_MAX:
        raise ValueError(f"[channels]: got {len(settings.channels)}; need {CHANNELS_MAX} at most")
    seen: dict[Channel, str] = {}
    for name, entry in settings.channels.items():
        check_channel(f"[channels.{name}]", entry)
        if entry.kind in OF_A_PERSON and entry.kind in seen:
            raise ValueError(
                f"[channels.{name}] kind: {entry.kind.value} is [channels.{seen[entry.kind]}] "
                "already; a person has one address book for each kind"
            )
        seen[entry.kind] = name
    _check_reach(settings.reach)


def check_channel(key: str, entry: ChannelEntry) -> None:
    if entry.kind not in RETRY:
        kinds = ", ".join(c.value for c in RETRY)
        raise ValueError(f"{key} kind: got {entry.kind.value!r}; need one of {kinds}")
    if entry.kind is Channel.PUSH:
        _check_push(key, entry)
    elif entry.services or entry.proxy:
        raise ValueError(f"{key} services, proxy: of kind push only")
    _check_form(key, entry)
    schemes = ("http", "https") if entry.kind is Channel.CAP and entry.url else ()
    schemes = SCHEMES.get(entry.kind, schemes) or None
    if schemes is not None:
        url = urlsplit(entry.url)
        if url.scheme not in schemes or not url.hostname:
            raise ValueError(f"{key} url: got {entry.url!r}; need {schemes[0]}://HOST[:PORT]/...")
        if url.username or url.password:
            raise ValueError(f"{key} url: names a password; put it in a file: secret = ...")
    if entry.kind in SECRET_NEEDED and not entry.secret:
        raise ValueError(f'{key} secret: needed, "file:NAME" in the data folder\'s keys/')
    if entry.secret and entry.secret.partition(":")[0] not in {"file", "env"}:
        raise ValueError(f'{key} secret: need "file:NAME" or "env:NAME", never the secret itself')
    for field in ("attempts", "timeout_s", "rate_per_s", "batch"):
        value = getattr(entry, field)
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{key} {field}: got {value}; need > 0")
    if entry.backoff_s is not None and not (
        entry.backoff_s and all(0 <= s < math.inf for s in entry.backoff_s)
    ):
        raise ValueError(f"{key} backoff_s: got {list(entry.backoff_s)}; need seconds, one or more")


def _check_form(key: str, entry: ChannelEntry) -> None:
    if not entry.form:
        return
    if entry.kind is not Channel.MQTT or entry.form != MESHTASTIC:
        raise ValueError(f'{key} form: got {entry.form!r}; need "meshtastic", of kind mqtt only')
    if not 0 < entry.node < 1 << 32:
        raise ValueError(f"{key} node: got {entry.node}; need the gateway node's number")
    if not 0 <= entry.mesh_channel < MESH_CHANNELS:
        raise ValueError(f"{key} mesh_channel: got {entry.mesh_channel}; need 0 to 7")
    if not entry.topic:
        raise ValueError(f'{key} topic: needed, such as "msh/US/2/json/mqtt"')


def _check_push(key: str, entry: ChannelEntry) -> None:
    from vigia.run.push_address import SERVICES_MAX, service_fault

    if not entry.subject.startswith(("mailto:", "https:")):
        raise ValueError(
            f"{key} subject: got {entry.subject!r}; need whom push services may write to, such as "
            "mailto:ops@agency.example"
        )
    if len(entry.services) > SERVICES_MAX:
        raise ValueError(f"{key} services: got {len(entry.services)}; at most {SERVICES_MAX}")
    for service in entry.services:
        wrong = service_fault(service)
        if wrong is not None:
            raise ValueError(f"{key} services: got {service[:80]!r}; {wrong}")


def _check_reach(reach: Reach) -> None:
    check_times(reach.tests)
    if not 0.0 < reach.answer_s < math.inf:
        raise ValueError(f"[reach] answer_s: got {reach.answer_s}; need > 0")
    for name in ("watch", "warning", "danger"):
        channels = getattr(reach, name)
        if channels is not None and Channel.PAGE not in channels:
            raise ValueError(f"[reach] {name}: page is missing; open pages always get the alert")
    for channel in reach.ladder or ():
        if channel not in OF_A_PERSON:
            raise ValueError(f"[reach] ladder: got {channel.value}; need channels to a person")
