"""A sound server of its own with a device that plays in real time into nothing, and can be listened to.

PulseAudio's null sink: what plays on it comes back, frame for frame, at its monitor. For measuring where there is no
sound card, or none that may be heard. Not here: what is measured.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import BenchError
from firmware_py.sound.calibration import instants
from firmware_py.sound.realtime import PRIORITY

DEVICE: Final = "hand_dance_bench"  # its name for ALSA
MONITOR: Final = "hand_dance_monitor"  # what plays there, as a microphone
START_S: Final = 15.0


class SoundServer:
    """Runs from ``with`` to its end; ``environment`` lets a process find its device.

    It stands for a sound card, which no program can delay: where the system grants it, it runs above every player.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        missing = [program for program in ("pulseaudio", "parec") if shutil.which(program) is None]
        if missing:
            raise BenchError(
                f"{' and '.join(missing)} not installed: apt install pulseaudio pulseaudio-utils libasound2-plugins"
            )

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="hand-dance-bench-")  # a socket's path has 107 bytes at most
        folder = Path(self._folder.name)
        server = f"unix:{folder}/socket"
        (folder / "asoundrc").write_text(
            "</usr/share/alsa/alsa.conf>\n"
            f'pcm.{DEVICE} {{ type pulse\n server "{server}"\n device "spk" }}\n'
            f'pcm.{MONITOR} {{ type pulse\n server "{server}"\n device "spk.monitor" }}\n'
        )
        self.environment = os.environ | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "PULSE_SERVER": server,
            "ALSA_CONFIG_PATH": str(folder / "asoundrc"),
        }
        for plugins in Path("/usr/lib").glob("*/alsa-lib"):  # for programs that bring an ALSA of their own
            self.environment["ALSA_PLUGIN_DIR"] = str(plugins)
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=yes"),
                *("-L", f"module-native-protocol-unix socket={folder}/socket auth-anonymous=1"),
                *("-L", f"module-null-sink sink_name=spk rate={self.rate_hz} channels=2"),
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + START_S
        while not (folder / "socket").exists() or self._threads() < 2:  # the second one is the device
            if self._server.poll() is not None or time.monotonic() > limit:
                self._end()
                raise BenchError("the sound server does not start; try pulseaudio -n --daemonize=no by hand")
            time.sleep(0.01)
        as_hardware(self._server.pid)
        return self

    def _threads(self) -> int:
        return len(list(Path(f"/proc/{self._server.pid}/task").iterdir()))

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._server.terminate()
        self._server.wait(10)
        self._folder.cleanup()


def as_hardware(pid: int) -> None:
    """Let all threads of a process run above every player, where that is granted."""
    with contextlib.suppress(PermissionError, FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(PRIORITY + 5))


class Listener:
    """Hears the device's left channel, and knows when each of its frames was played.

    The instants are those of the first process that could have heard it: the least delay at which frames came in each
    second, so that a late reader of the pipe blurs nothing.
    """

    def __init__(self, server: SoundServer) -> None:
        self._process = subprocess.Popen(
            ["parec", "-d", "spk.monitor", "--raw", f"--rate={server.rate_hz}", "--channels=1", "--latency-msec=2"],
            env=server.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._pieces: list[tuple[int, bytes]] = []
        self._thread = threading.Thread(target=self._hear, name="listener", daemon=True)
        self._thread.start()
        limit = time.monotonic() + START_S
        while not self._pieces:
            if not self._thread.is_alive() or time.monotonic() > limit:
                self.close()
                raise BenchError("the sound server gives nothing to hear; try parec -d spk.monitor by hand")
            time.sleep(0.01)
        as_hardware(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _hear(self) -> None:
        descriptor = self._process.stdout
        assert descriptor is not None  # noqa: S101 - a pipe was asked for
        while piece := os.read(descriptor.fileno(), 65_536):
            self._pieces.append((time.monotonic_ns(), piece))

    def close(self) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        """Stop; return the samples, int16, and the instant each was heard, seconds of CLOCK_MONOTONIC.

        May be called twice.
        """
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        samples = np.frombuffer(b"".join(piece for _, piece in self._pieces)[: self._bytes() & ~1], np.int16)
        ends = np.cumsum([len(piece) for _, piece in self._pieces]) / 2
        came_s = np.array([at_ns for at_ns, _ in self._pieces]) / 1e9
        return samples, instants(ends, came_s, len(samples))

    def _bytes(self) -> int:
        return sum(len(piece) for _, piece in self._pieces)
