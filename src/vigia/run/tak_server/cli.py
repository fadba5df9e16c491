"""`vigia tak package`: words of the command line -> a zip that only its owner may read."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from vigia.run.hello import choice
from vigia.run.invitations import Invited
from vigia.run.page_json import NAME_MAX
from vigia.run.plan import RunPlan, read_plan
from vigia.run.settings import SettingsError
from vigia.run.site_ca import write_whole
from vigia.run.tak_server.package import Layout, make_package
from vigia.terms import Lang, Role


def write_package(
    folder: Path,
    *,
    name: str,
    person_id: str | None,
    role: str,
    lang: str,
    post_id: str | None,
    positions: bool,
    client: str,
    out: Path | None,
) -> int:
    """Raises SettingsError."""
    plan = started_plan(folder)
    known = [post.post_id for post in plan.core.posts]
    if post_id is not None and post_id not in known:
        raise SettingsError(f"--post: got {post_id!r}; need one of {', '.join(known) or 'none'}")
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise SettingsError(f"--name: got {name!r}; need 1 to {NAME_MAX} characters")
    invited = Invited(
        person_id=person_id or f"p-{secrets.token_hex(5)}",
        name=name.strip(),
        agency_id="site",
        role=choice(Role, role, "--role"),
        lang=choice(Lang, lang, "--lang"),
        post_id=post_id,
    )
    layout = choice(Layout, client, "--client")
    try:
        made = make_package(folder, plan, invited, positions=positions, layout=layout)
        path = out or Path(made.name)
        write_whole(path, made.data, mode=0o600)
    except OSError as e:
        raise SettingsError(f"tak package: cannot be written ({e})") from e
    uses = "used to warn him" if positions else "not used"
    print(
        f"{path}\nfor {name} ({invited.person_id}), server {made.address}; "
        f"his position is {uses}.\n"
        "It holds his key: hand it over in person, then delete it. A lost one is revoked as "
        f"device {made.device_id}."
    )
    return 0


def started_plan(folder: Path) -> RunPlan:
    try:
        return read_plan(folder)
    except (OSError, msgspec.ValidationError) as e:
        raise SettingsError(
            f"tak package: {folder} has never been started ({e}); start "
            f"`vigia watch --data {folder}` once, or name the right folder with --data"
        ) from e
