"""`vigia cap …`: is a message from whom it says, and which certificate is our own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

cap_app = typer.Typer(no_args_is_help=True, help="CAP: verify a message, our certificate.")
_GOOD, _NOT_TRUSTED, _OPERATOR = 0, 1, 2


@cap_app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A CAP 1.2 message.")],
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="PEM file of a signer or an authority; repeatable."),
    ] = None,
    as_sent: Annotated[
        bool, typer.Option("--as-sent", help="Was the certificate good when it was sent?")
    ] = False,
) -> None:
    """Exit code 0 only when the message is signed by whom --trust names, and unchanged."""
    from vigia.run.cap_check import load_anchors
    from vigia.run.say import say
    from vigia.wire.advert import Refused
    from vigia.wire.cap import CAP_MAX, parse
    from vigia.wire.cap_sign import Trust, judge

    try:
        anchors = load_anchors(trust or [])
        with file.open("rb") as f:
            data = f.read(CAP_MAX + 1)
    except (OSError, ValueError) as e:
        say(str(e))
        raise typer.Exit(_OPERATOR) from None
    message = parse(data)
    t_ns = time.time_ns()
    if as_sent and not isinstance(message, Refused):
        t_ns = message.t_sent_ns
    verdict = judge(data, anchors, t_ns=t_ns)
    sys.stdout.write(f"{verdict.trust.value}{f': {verdict.why}' if verdict.why else ''}\n")
    if verdict.signer is not None:
        sys.stdout.write(f"signer {verdict.signer_name} sha256 {verdict.signer}\n")
    if verdict.message is not None:
        m = verdict.message
        sys.stdout.write(f"{m.status} {m.msg_type} {m.identifier} of {m.sender}, sent {m.sent}\n")
        for info in m.infos:
            sys.stdout.write(f"{info.language}: {info.headline or info.event}\n")
    raise typer.Exit(_GOOD if verdict.trust is Trust.TRUSTED else _NOT_TRUSTED)


@cap_app.command()
def certificate(
    data: Annotated[Path, typer.Option("--data", help="The data folder.")] = Path("data"),
    name: Annotated[str, typer.Option(help="Name in it, when it is made now.")] = "vigia",
) -> None:
    """Print our own certificate, which other agencies pin; make key and certificate if needed."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from vigia.run.cap_keys import cap_identity
    from vigia.run.say import say
    from vigia.run.settings import SettingsError
    from vigia.wire.cap_sign import fingerprint

    try:
        _, chain = cap_identity(data / "keys", name)
    except SettingsError as e:
        say(str(e))
        raise typer.Exit(_OPERATOR) from None
    sys.stdout.write(chain[0].public_bytes(Encoding.PEM).decode())
    say(f"sha256 {fingerprint(chain[0])}")
