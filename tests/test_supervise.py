"""A process that keeps dying: started again for ever, and said clearly when it dies at once."""

from __future__ import annotations

import sys

import pytest

from vigia.run import supervise
from vigia.run.supervise import Child


def run_and_end(child: Child) -> None:
    child.start()
    assert child.process is not None
    child.process.wait()
    assert child.poll() is None  # started again all the same


def test_five_deaths_at_once_are_said_clearly_and_it_is_started_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    child = Child("gateway", [sys.executable, "-c", "raise SystemExit(1)"])
    for _ in range(4):
        run_and_end(child)
    assert "in a row" not in capsys.readouterr().err
    run_and_end(child)
    said = capsys.readouterr().err
    assert "the gateway process has ended 5 times in a row right after its start" in said
    assert f"started again every {supervise.RESTART_S[-1]:.0f} s" in said


def test_deaths_after_having_run_are_not_called_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child("gateway", [sys.executable, "-c", "raise SystemExit(1)"])
    for n in range(8):
        monkeypatch.setattr(supervise, "AT_ONCE_S", 0.0 if n == 3 else 5.0)
        run_and_end(child)
    assert "in a row" not in capsys.readouterr().err
