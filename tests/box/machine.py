"""One virtual machine that is the appliance: switched on, spoken to, and cut from its power.

Its disk is a layer over the one that ``build`` made, so that every test begins with the same box. Not here: what is
to be true of it (test_box.py).
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PLACE = Path(os.environ.get("HAND_DANCE_BOX") or Path(__file__).resolve().parents[2] / ".cache" / "box")
BOOT_S = 240.0  # a busy machine emulates at a tenth of its speed
START_PIN, STOP_PIN = 17, 27
SYSFS = "/sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio"


@dataclass(frozen=True)
class Answer:
    """How a shell line inside the machine ended."""

    code: int
    out: str


class Machine:
    """A box with its own disk in ``folder``; ``power_on`` it first."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "disk.qcow2"
        self.console = folder / "console.log"
        self._port = folder / "port"
        self._ids = itertools.count()
        self._emulator: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._heard = b""
        self.booted_s = 0.0
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", PLACE / "root.ext4", "-F", "raw", self.disk], check=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def power_on(self) -> None:
        """Switch on, and return when the machine can be spoken to.

        The disk has a write cache that keeps its word: what was flushed is on it, what was not may be lost with the
        emulator's own buffers. Nothing goes past it (cache=directsync would make every write a flush).
        """
        self._port.unlink(missing_ok=True)
        began = time.monotonic()
        self._emulator = subprocess.Popen(
            [
                *(
                    "qemu-system-x86_64",
                    "-M",
                    "pc",
                    "-accel",
                    "tcg,thread=multi",
                    "-cpu",
                    "max",
                    "-smp",
                    "2",
                    "-m",
                    "1536",
                ),
                *("-display", "none", "-no-reboot", "-nic", "none", "-serial", f"file:{self.console}"),
                *("-drive", f"file={self.disk},if=virtio,format=qcow2,cache=writeback"),
                *("-device", "virtio-serial", "-chardev", f"socket,id=port,path={self._port},server=on,wait=off"),
                *("-device", "virtserialport,chardev=port,name=box"),
                *("-device", "virtio-rng-pci"),
                *("-kernel", str(PLACE / "vmlinuz"), "-initrd", str(PLACE / "initrd")),
                "-append",
                "root=/dev/vda rw console=ttyS0 panic=-1 quiet mitigations=off systemd.show_status=0 fsck.mode=force",
            ]
        )
        self._socket = self._connected(began + BOOT_S)
        self._heard = b""
        hello = self._line(began + BOOT_S)
        assert "hello" in hello, hello
        self.booted_s = time.monotonic() - began

    def cut_power(self) -> None:
        """Take the power away, in the middle of whatever it does."""
        if self._emulator is not None:
            self._emulator.send_signal(signal.SIGKILL)
            self._emulator.wait()
            self._emulator = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def power_off(self) -> None:
        """Shut it down in order, and wait until it is off."""
        assert self._emulator is not None
        self.run("systemctl poweroff --no-block")
        self._emulator.wait(BOOT_S)
        self.cut_power()

    def ask(self, line: str, within_s: float = 60.0) -> Answer:
        """Run a shell line inside as root."""
        assert self._socket is not None
        number = next(self._ids)
        request = {"id": number, "run": line, "within_s": within_s}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        limit = time.monotonic() + within_s + 30
        while (answer := self._line(limit)).get("id") != number:
            pass
        return Answer(answer["code"], answer["out"])

    def run(self, line: str, within_s: float = 60.0) -> str:
        """Run a shell line inside that has to succeed, and return what it printed."""
        answer = self.ask(line, within_s)
        assert answer.code == 0, f"{line}: exit {answer.code}: {answer.out}"
        return answer.out.strip()

    def wait_for(self, line: str, within_s: float, holds: Callable[[str], bool] = bool) -> str:
        """Ask again and again until what is printed holds, and return it."""
        limit = time.monotonic() + within_s
        while True:
            answer = self.ask(line)
            if answer.code == 0 and holds(answer.out.strip()):
                return answer.out.strip()
            assert time.monotonic() < limit, f"not within {within_s:.0f} s: {line}: {answer.out}"

    def press(self, pin: int) -> None:
        """Press the button at a pin for a quarter of a second, as a finger does."""
        self.run(f"echo pull-down | tee {SYSFS}{pin}/pull; sleep 0.25; echo pull-up | tee {SYSFS}{pin}/pull")

    def light(self, pin: int) -> bool:
        """Whether the light at a pin is on."""
        return self.run(f"cat {SYSFS}{pin}/value") == "1"

    def state(self) -> str:
        """What the box says it is doing: the first word of its status to systemd."""
        return self.run("systemctl show --property=StatusText --value hand-dance").split(":")[0]

    def wait_for_state(self, state: str, within_s: float) -> float:
        """Wait until the box says so; return the seconds that took."""
        began = time.monotonic()
        self.wait_for(
            "systemctl show --property=StatusText --value hand-dance",
            within_s,
            lambda said: said.split(":")[0] == state,
        )
        return time.monotonic() - began

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

    def _line(self, limit: float) -> dict[str, Any]:
        """Return the next line from inside."""
        assert self._socket is not None
        while b"\n" not in self._heard:
            left = limit - time.monotonic()
            assert left > 0, f"no answer from the machine; its console: {self.console.read_text()[-2000:]}"
            self._socket.settimeout(left)
            try:
                got = self._socket.recv(65536)
            except TimeoutError:
                continue
            assert got, f"the machine went off; its console: {self.console.read_text(errors='replace')[-2000:]}"
            self._heard += got
        line, self._heard = self._heard.split(b"\n", 1)
        told: dict[str, Any] = json.loads(line)
        return told
