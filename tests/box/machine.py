"""One virtual machine that is the appliance: switched on, pressed, listened to, and cut from its power.

It begins with a copy of the disk that ``build`` made, so that every test has the same box. Times are the machine's own,
in seconds since its kernel started, so that waiting from out here adds nothing to them. Not here: what is left of a
disk after a cut (disk.py), and what is to be true of the box (the tests).
"""

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from firmware_py.sound.chimes import Chime
from tests.box.disk import Cut, Disk
from tests.box.hearing import chime_in, is_heard
from tests.box.inside import SLOW_S, TOOLS, Inside

PLACE = Path(os.environ.get("HAND_DANCE_BOX") or Path(__file__).resolve().parents[2] / ".cache" / "box")
START_PIN, STOP_PIN, RECORDING_PIN, STATUS_PIN = 17, 27, 23, 22
SYSFS = "/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio"
EAR_HZ = 48_000
KERNEL = "root=/dev/vda rw console=ttyS0 panic=-1 quiet mitigations=off nokaslr 8250.nr_uarts=1 systemd.show_status=0"
CHIME_S = 20.0  # in which a chime is over, with words and another chime before it
LISTEN_S = 0.5
# Not the newest: this emulator computes some of what AVX2 does wrongly, which ends the program with a fault.
CPU = "max,-avx,-avx2,-fma,-f16c"
LOOK_S = 10.0  # between looks at the console of a machine that says nothing


class Machine(Inside):
    """A box with its own disk in ``folder``; ``power_on`` it first."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.console = folder / "console.log"
        self.disk = Disk(PLACE / "root.ext4", folder)
        self._port = folder / "port"
        self._ear = folder / "ear.raw"
        self._emulator: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._on_s = 0.0
        self._off_s = 0.0  # by the machine's clock; 0 while the power is on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def power_on(self) -> None:
        """Switch on, and return when the machine can be spoken to."""
        self._port.unlink(missing_ok=True)
        self._on_s, self._off_s = time.monotonic(), 0.0
        self._emulator = subprocess.Popen(
            [
                "qemu-system-x86_64",
                *("-M", "pc", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", CPU, "-smp", "2", "-m", "1536"),
                *("-nodefaults", "-display", "none", "-no-reboot", "-nic", "none", "-device", "virtio-rng-pci"),
                *("-serial", f"file:{self.console}"),
                *self.disk.power_on(),
                *("-device", "virtio-serial", "-chardev", f"socket,id=port,path={self._port},server=on,wait=off"),
                *("-device", "virtserialport,chardev=port,name=box"),
                *("-chardev", f"file,id=ear,path={self._ear}", "-device", "virtserialport,chardev=ear,name=ear"),
                *("-kernel", str(PLACE / "vmlinuz"), "-initrd", str(PLACE / "initrd"), "-append", KERNEL),
            ]
        )
        self._socket = self._connected(self._on_s + SLOW_S)
        self.greeted(self._on_s + SLOW_S)

    def cut_power(self, dice: random.Random) -> Cut:
        """Take the power away in the middle of whatever it does, and what the disk had not been told to keep."""
        self._end()
        return self.disk.cut(dice)

    def power_off(self) -> None:
        """Shut it down in order, and wait until it is off."""
        assert self._emulator is not None
        self.told("systemctl poweroff")
        self._emulator.wait(SLOW_S)
        self._end()
        self.disk.power_off()

    @property
    def power_on_s(self) -> float:
        """When the power came on, by the machine's clock: negative, as its kernel started later."""
        return self._on_s + self._ahead_s

    @property
    def epoch_s(self) -> float:
        """What the calendar's clock is ahead of the machine's own."""
        calendar_s, own_s = self.run("date +%s.%N; cut -d' ' -f1 /proc/uptime").split()
        return float(calendar_s) - float(own_s)

    def press(self, pin: int, seconds: float = 0.25) -> float:
        """Press the button at a pin and let go; return when it went down."""
        return float(self.run(f"{TOOLS}/press {pin} {seconds}"))

    def light(self, pin: int) -> bool:
        """Whether the light at a pin is on."""
        return self.run(f"cat {SYSFS}{pin}/value") == "1"

    def blinks(self, pin: int, seconds: float = 4.0) -> tuple[int, float]:
        """Watch the light at a pin; return how often it went on, and the share of the time that it was on."""
        rises, share = self.run(f"{TOOLS}/watch-light {pin} {seconds}").split()
        return int(rises), float(share)

    def heard(self, since_s: float) -> tuple[NDArray[np.int16], float]:
        """Return what was heard at the loudspeaker since then, shape (n, 2), and when its first frame was heard.

        Until now, or until the power went. When that was is known to a tenth of a second, of which the ear's file
        grows, on a machine that is not late itself.
        """
        until_s = self._off_s or self.now_s
        frames = self._ear.stat().st_size // 4
        assert frames, "the ear of this machine hears nothing; see box-ear.service in there"
        first = max(0, frames - round((until_s - since_s) * EAR_HZ))
        sound = np.fromfile(self._ear, np.int16, 2 * (frames - first), offset=4 * first).reshape(-1, 2)
        return sound, until_s - len(sound) / EAR_HZ

    def hears_chime(self, chime: Chime, since_s: float, within_s: float = CHIME_S) -> float:
        """Wait until a chime was heard since then; return when it began."""
        limit = self.now_s + within_s
        while True:
            sound, began_s = self.heard(since_s)
            if is_heard(sound, chime, EAR_HZ):
                return began_s + chime_in(sound, chime, EAR_HZ).at_s
            assert self.now_s < limit, f"no {chime}: { ({each: chime_in(sound, each, EAR_HZ) for each in Chime}) }"
            time.sleep(LISTEN_S)  # the ear's file grows and tells nobody

    def _send(self, line: bytes) -> None:
        assert self._socket is not None
        self._socket.sendall(line)

    def _receive(self, within_s: float) -> bytes:
        assert self._socket is not None
        self._socket.settimeout(min(within_s, LOOK_S))
        try:
            got = self._socket.recv(1 << 20)
        except TimeoutError:
            said = self.console.read_text(errors="replace")[-4000:]
            assert "emergency mode" not in said, f"the machine did not come up; its console: {said}"
            return b""
        assert got, f"the machine went off; its console: {self.console.read_text(errors='replace')[-2000:]}"
        return got

    def _end(self) -> None:
        if self._emulator is not None:
            self._off_s = self.now_s
            self._emulator.send_signal(signal.SIGKILL)
            self._emulator.wait()
            self._emulator = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self, limit: float) -> socket.socket:
        port = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                port.connect(str(self._port))
                return port
            except (FileNotFoundError, ConnectionRefusedError):
                assert self._emulator is not None
                assert self._emulator.poll() is None, "qemu did not start"
                assert time.monotonic() < limit, "qemu opened no port"
                time.sleep(0.02)  # it makes the socket within moments and tells nobody
