"""Links that enrol: for the console when it starts, for anybody with `vigia invite`."""

from __future__ import annotations

import os
import sys
import webbrowser
from enum import Enum
from pathlib import Path
from typing import TypeVar

import msgspec

from vigia.run.invitations import base_url, invite, qr_text
from vigia.run.plan import RunPlan, read_plan
from vigia.run.settings import SettingsError
from vigia.terms import Lang, Mark, Role

EnumT = TypeVar("EnumT", bound=Enum)
URL_MAX = 500
CONSOLE_MINUTES = 60


def print_invitation(
    folder: Path,
    *,
    name: str,
    role: str,
    lang: str,
    post_id: str | None,
    minutes: int,
    agency_id: str = "site",
) -> int:
    """`vigia invite`. Raises SettingsError."""
    try:
        plan = read_plan(folder)
    except (OSError, msgspec.ValidationError) as e:
        raise SettingsError(
            f"invite: {folder} has never been started ({e}); start `vigia watch --data {folder}` "
            "once, or name the right folder with --data"
        ) from e
    known = [post.post_id for post in plan.core.posts]
    if post_id is not None and post_id not in known:
        raise SettingsError(f"--post: got {post_id!r}; need one of {', '.join(known) or 'none'}")
    agencies = plan.access.agencies
    if agencies and agency_id not in (*agencies, "site"):
        raise SettingsError(f"--agency: got {agency_id!r}; need one of {', '.join(agencies)}, site")
    invitation = invite(
        folder,
        name=name,
        role=_role(role),
        lang=choice(Lang, lang, "--lang"),
        post_id=post_id,
        minutes=minutes,
        agency_id=agency_id,
    )
    link = invitation.link(base_url(plan))
    print(f"{qr_text(link)}\n{link}\nOnce, within {minutes} minutes, for {name}.")
    return 0


def _role(text: str) -> Role:
    role = choice(Role, text, "--role")
    if role is Role.SENSOR:
        raise SettingsError("--role: got 'sensor'; a service gets a key: vigia keys add")
    return role


def choice(kind: type[EnumT], text: str, option: str) -> EnumT:
    try:
        return kind(text)
    except ValueError:
        words = ", ".join(str(member.value) for member in kind)
        raise SettingsError(f"{option}: got {text!r}; need one of {words}") from None


def say_hello(folder: Path, plan: RunPlan, listening: int, *, open_browser: bool) -> None:
    """When the gateway listens: the console's address, and links that enrol when only the one who
    started it reads them. Elsewhere standard output is a log, and a log is read by many.

    listening: file descriptor on which the gateway writes its address.
    """
    url = os.read(listening, URL_MAX).decode().strip()
    if not url:
        return  # it ended before it listened, and said why
    demo = plan.core.mode is Mark.DEMO
    lines = [f"console   {url}/console"]
    console: str | None = None
    if demo or open_browser or sys.stdout.isatty():
        console = _console_link(folder, url)
    if demo or sys.stdout.isatty():
        lines.append(f"          enrol this browser once: {console}")
    else:
        command = f'vigia invite --role watch_officer --name "Watch floor" --data {folder}'
        lines.append(f"          enrol its browser with the link of: {command}")
    if demo:
        lines.append(f"phone     {_demo_phone(folder, url)}")
    print("\n".join(["", f"vigia is watching {plan.site_name}", *lines, ""]), flush=True)
    if open_browser and console is not None:
        webbrowser.open(console)


def _console_link(folder: Path, url: str) -> str:
    made = invite(
        folder,
        name="Watch floor",
        role=Role.WATCH_OFFICER,
        person_id="console",
        minutes=CONSOLE_MINUTES,
    )
    return made.link(url)


def _demo_phone(folder: Path, url: str) -> str:
    from vigia.run.demo import demo_agent  # a live watch never loads the simulator

    agent = demo_agent()
    made = invite(
        folder,
        name=agent.name,
        role=agent.role,
        lang=agent.lang,
        post_id=agent.post_id,
        agency_id=agent.agency_id,
        person_id=agent.person_id,
        minutes=CONSOLE_MINUTES,
    )
    return f"as {agent.name}: {made.link(url)}"
