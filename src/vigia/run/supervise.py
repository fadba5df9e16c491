"""Two processes, kept alive: the watch and the gateway; one that dies is back within seconds.

The supervisor holds no state and does no work besides starting, watching and stopping, so there
is next to nothing in it that can fail.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from types import FrameType

from vigia.run.say import say

EXIT_OPERATOR = 2  # settings are wrong: starting again would not help
EXIT_PORT = 3  # the address is in use
FINAL = (EXIT_OPERATOR, EXIT_PORT)
RESTART_S = (0.1, 0.1, 0.2, 0.5, 1.0)  # waits before the first, second … restart in a row
SERVED_S = 10.0  # what is wrong with settings or address shows sooner
STEADY_S = 30.0  # having run this long, a process starts again from the shortest wait
AT_ONCE_S = 5.0  # ended sooner after its start: it cannot work here
AT_ONCE_TOLD = 5  # that often in a row is said, and again after as many more
POLL_S = 0.05
STOP_S = 5.0  # after SIGTERM, before SIGKILL


class Child:
    """One process and its restarts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        stdin: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._pass_fds = tuple(pass_fds)
        self.command = list(command)
        self._stdin = stdin
        self._deaths = 0
        self._at_once = 0
        self._served = False  # it did start here once: its settings and address are right
        self._t_start_s = 0.0
        self._t_again_s = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._t_start_s = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=None if self._stdin else subprocess.DEVNULL,
            pass_fds=self._pass_fds,
        )

    def poll(self) -> int | None:
        """Start it when it is due; returns an exit code that ends everything, or None."""
        if self.process is None:
            if time.monotonic() >= self._t_again_s:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.process = None
        ran_s = time.monotonic() - self._t_start_s
        self._served = self._served or code not in FINAL or ran_s > SERVED_S
        if not self._served:
            return code
        self._deaths = 1 if ran_s > STEADY_S else self._deaths + 1
        wait_s = RESTART_S[min(self._deaths, len(RESTART_S)) - 1]
        self._t_again_s = time.monotonic() + wait_s
        say(f"the {self.name} process ended (code {code}); starting it again")
        self._at_once = self._at_once + 1 if ran_s < AT_ONCE_S else 0
        if self._at_once and self._at_once % AT_ONCE_TOLD == 0:
            say(
                f"the {self.name} process has ended {self._at_once} times in a row right after "
                f"its start: vigia does not work like this; the lines above say why. It is "
                f"started again every {RESTART_S[-1]:.0f} s; stop vigia if that cannot help"
            )
        return None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def join(self, until_s: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def supervise(children: Sequence[Child]) -> int:
    """Run until SIGINT or SIGTERM (0), or until a child's first process ends with a code of FINAL.

    One that has served before is started again for ever: then it is the world's fault, such as a
    disk that is full or an address somebody took meanwhile."""
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    code = 0
    while not asked and code == 0:
        for child in children:
            code = child.poll() or code
        time.sleep(POLL_S)
    for child in children:
        child.stop()
    until_s = time.monotonic() + STOP_S
    for child in children:
        child.join(until_s)
    return code
