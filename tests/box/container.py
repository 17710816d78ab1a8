"""The same box in a container: its systemd, its services and its mail server at the speed of this machine.

For what needs many repetitions and no power switch. The root is the one of the disk, with a layer over it that is
forgotten. It has no pins and no sound card here: a signal is the button, and the sound is paced and heard by nobody.
"""

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.box.inside import INSTRUMENT, SLOW_S, TOOLS, Inside
from tests.box.machine import PLACE

# What the instrument is told of a place without pins and without a sound card.
PLAYED_BY_SIGNALS = [
    'Environment="HAND_DANCE_CAMERA_SOURCE=ghost:plain=1" "HAND_DANCE_SOUND_AUDIO=paced" "HAND_DANCE_PLAY_PLAYER="',
    *(f'Environment="HAND_DANCE_PANEL_{light}_PIN=-1"' for light in ("START", "STOP", "STATUS", "RECORDING")),
]
_BEGIN = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd
exec systemd-nspawn --quiet --boot --register=no --keep-unit --console=read-only --private-network "$@"
"""


class Container(Inside):
    """A box that is started with ``with``. drop_ins: a unit's name → lines of its [Service] that count in here."""

    def __init__(self, folder: Path, drop_ins: dict[str, list[str]]) -> None:
        super().__init__()
        self._log = (folder / "console.log").open("wb")
        self._binds = []
        for unit, lines in drop_ins.items():
            conf = folder / f"{unit}.conf"
            conf.write_text("\n".join(["[Service]", *lines, ""]))
            self._binds.append(f"--bind-ro={conf}:/etc/systemd/system/{unit}.service.d/rig.conf")
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._agent: subprocess.Popen[bytes] | None = None
        self._first = 0  # its systemd

    def __enter__(self) -> Self:
        self.power_on()
        return self

    def power_on(self) -> None:
        """Start it, and return when it can be spoken to."""
        prepare, directory = self._root()
        self._nspawn = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation=private", "bash", "-ec", prepare + _BEGIN, "container"),
                *(*directory, *self._binds),
            ],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        limit = time.monotonic() + SLOW_S
        self._first = self._first_process(limit)
        self._agent = self._entered(self._first)
        self.greeted(limit)

    def __exit__(self, *_: object) -> None:
        self._end()
        self._log.close()

    def _end(self) -> None:
        """End everything in there at once."""
        if self._first:
            with suppress(ProcessLookupError):
                os.kill(self._first, signal.SIGKILL)  # with it every process in there; nspawn's end is not enough
            self._first = 0
        for process in (self._agent, self._nspawn):
            if process is not None:
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()
        self._agent = self._nspawn = None

    def _root(self) -> tuple[str, list[str]]:
        """Return shell lines that prepare the root, and nspawn's options for it."""
        return "", [f"--directory={PLACE / 'root'}", "--volatile=overlay"]

    def press(self) -> None:
        """Press the only button there is."""
        self.run(f"systemctl kill --signal=USR1 --kill-who=main {INSTRUMENT}")

    def _first_process(self, limit: float) -> int:
        """Return the pid of the container's systemd, once it is there."""
        assert self._nspawn is not None
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        while True:
            assert self._nspawn.poll() is None, "the container did not start; see its console"
            for pid in children.read_text().split():
                with suppress(FileNotFoundError):  # those that prepare it come and go
                    if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                        return int(pid)
            assert time.monotonic() < limit, "the container has no first process"
            time.sleep(0.02)  # nobody tells

    def _entered(self, pid: int) -> subprocess.Popen[bytes]:
        """Start the agent in there, once its systemd is ready for it."""
        return subprocess.Popen(
            ["nsenter", "--target", str(pid), "--all", f"{TOOLS}/agent", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _send(self, line: bytes) -> None:
        assert self._agent is not None
        assert self._agent.stdin is not None
        self._agent.stdin.write(line)
        self._agent.stdin.flush()

    def _receive(self, within_s: float) -> bytes:
        assert self._agent is not None
        assert self._agent.stdout is not None
        if not select.select([self._agent.stdout], [], [], within_s)[0]:
            return b""
        got = os.read(self._agent.stdout.fileno(), 1 << 20)
        assert got, "the agent in the container has ended"
        return got
