"""A disk that keeps its word about flushes and no other: what a power cut leaves of it is decided by dice.

While the machine runs, its writes go to a layer that is thrown away, and every one is logged (qemu's blklogwrites, in
the format of the kernel's dm-log-writes). After a cut the log is played onto the disk: all that was written before the
last flush is there; of what came later each write is there or not, whatever came before or after it, and one is torn
between two sectors. Not here: the machine (machine.py).
"""

import os
import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECTOR: Final = 512
_MAGIC: Final = 0x6A736677736872
_SUPER: Final = struct.Struct("<QQQI")  # magic, version, entries, sector size
_ENTRY: Final = struct.Struct("<QQQQ")  # first sector, sectors, flags, bytes of data
_FLUSH, _FUA, _DISCARD = 1, 2, 4


@dataclass(frozen=True)
class Write:
    """One write: its place on the disk and in the log, in bytes; sure: on the disk whatever happens."""

    at: int
    length: int
    log_at: int
    sure: bool


@dataclass(frozen=True)
class Cut:
    """What became of the writes since the last flush."""

    kept: int
    lost: int


class Disk:
    """A copy of an image in ``folder``, with what was written to it since the power came on in a layer beside it."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.raw = folder / "disk.raw"
        self._layer = folder / "since-power-on.qcow2"
        self._log = folder / "writes.log"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", image, self.raw], check=True)

    def power_on(self) -> list[str]:
        """Make the layer and the log anew and return qemu's arguments for a virtio disk over them."""
        self._layer.unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.raw, "-F", "raw", self._layer], check=True
        )
        self._log.touch()
        # This machine's own power stays on: nothing here has to reach its disk, and every entry counts at once.
        here = "cache.no-flush=on"
        return [
            *(
                "-blockdev",
                f"driver=qcow2,node-name=layer,{here},file.driver=file,file.filename={self._layer},file.{here}",
            ),
            *("-blockdev", f"driver=raw,node-name=log,{here},file.driver=file,file.filename={self._log},file.{here}"),
            *("-blockdev", "driver=blklogwrites,node-name=disk,file=layer,log=log,log-super-update-interval=1"),
            *("-device", "virtio-blk-pci,drive=disk,write-cache=on"),
        ]

    def power_off(self) -> None:
        """Put everything on the disk, after a machine that was shut down in order."""
        self._play(lambda: True)

    def cut(self, dice: random.Random) -> Cut:
        """Put on the disk what a power cut leaves."""
        return self._play(lambda: dice.random() < 0.5, dice)

    def assert_clean(self) -> None:
        """The file system has no fault once its journal is played, as the kernel does when it mounts it.

        Tried on a copy of what the file system knows about itself, so that the kernel finds the journal as it was left.
        """
        known = self.raw.with_name("known.raw")
        known.unlink(missing_ok=True)
        subprocess.run(["e2image", "-r", self.raw, known], check=True, capture_output=True)
        for how in ("-E journal_only -y", "-f -n"):
            checked = subprocess.run(["e2fsck", *how.split(), known], capture_output=True, text=True, check=False)
            assert checked.returncode in (0, 1 if "journal" in how else 0), checked.stdout + checked.stderr

    def _play(self, survives: Callable[[], bool], dice: random.Random | None = None) -> Cut:
        """Write to the disk what was sure, and of the rest what survives; the last of it torn where there are dice."""
        writes = list(read_log(self._log))
        rest = [write for write in writes if not write.sure]
        kept = [write for write in rest if survives()]
        torn = kept[-1] if kept and dice else None
        surviving = {id(write) for write in kept}
        with self._log.open("rb") as log, self.raw.open("r+b") as disk:
            for write in writes:
                if not write.sure and id(write) not in surviving:
                    continue
                length = write.length
                if write is torn and dice:
                    length = SECTOR * dice.randint(0, length // SECTOR)
                log.seek(write.log_at)
                disk.seek(write.at)
                disk.write(log.read(length))
            os.fdatasync(disk.fileno())
        return Cut(len(kept), len(rest) - len(kept))


def read_log(path: Path) -> Iterator[Write]:
    """Yield a log's writes in the order they came; those before its last flush, and those that flushed, are sure."""
    found: list[tuple[int, int, int, bool]] = []
    sure = 0
    with path.open("rb") as log:
        magic, version, count, sector = _SUPER.unpack(log.read(_SUPER.size))
        assert (magic, version, sector) == (_MAGIC, 1, SECTOR), f"{path} is no log of writes"
        at = SECTOR
        for _ in range(count):
            log.seek(at)
            first, sectors, flags, _ = _ENTRY.unpack(log.read(_ENTRY.size))
            if not sectors and not flags:
                break  # counted, and cut before it was written itself
            at += SECTOR
            if flags & _FLUSH:
                sure = len(found)
            if sectors and not flags & _DISCARD:
                found.append((first * SECTOR, sectors * SECTOR, at, bool(flags & _FUA)))
                at += sectors * SECTOR
    for number, (place, length, log_at, through) in enumerate(found):
        yield Write(place, length, log_at, through or number < sure)
