"""The command line's decisions -> one file that both processes start from, again and again."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from vigia.events import CoreSettings
from vigia.run.channel_settings import ChannelEntry
from vigia.run.settings import Listen, Sapient, Storage, Tak, TextMessages
from vigia.run.settings_access import Access
from vigia.run.settings_cap import Cap
from vigia.run.settings_reach import ReachTimes
from vigia.run.settings_witness import Witness

PLAN_NAME = "run.json"


class FeedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """kind: stdin, playback, url, api or demo. adapter and path as far as the kind needs them."""

    kind: str
    sensor_id: str = ""
    adapter: str = ""
    path: str = ""
    seed: int = 0
    heading_deg_true: float | None = None
    key_env: str = ""
    posts_per_s: float = 20.0


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole start. site_name is for people."""

    site_name: str
    ground_call: str = ""  # whom phones say to call about a drone on the ground
    core: CoreSettings
    listen: Listen
    storage: Storage
    tak: Tak = Tak()
    sapient: Sapient = Sapient()
    text: TextMessages = TextMessages()
    feeds: tuple[FeedPlan, ...] = ()
    access: Access = Access()
    channels: dict[str, ChannelEntry] = {}
    cap: Cap = Cap()
    reach_times: ReachTimes = ReachTimes()
    witness: Witness = Witness()


def write_plan(folder: Path, plan: RunPlan) -> Path:
    """Atomic: a crash leaves the old plan or the new one. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / PLAN_NAME
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(plan))
    os.replace(part, path)
    return path


def read_plan(folder: Path) -> RunPlan:
    """Raises OSError or msgspec.ValidationError."""
    return msgspec.json.decode((folder / PLAN_NAME).read_bytes(), type=RunPlan)
