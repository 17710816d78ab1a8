"""Work that keeps every processor busy at the common priority, as a benchmark's bad neighbour.

Run as ``python -m firmware_py.bench.busy PARENT_PID`` for one of them. Not here: what is measured beside it.
"""

import os
import subprocess
import sys
from types import TracebackType
from typing import Self

from firmware_py.parent import die_with


class BusyNeighbours:
    """One process that never rests for each processor this one may use, from ``with`` to its end."""

    def __enter__(self) -> Self:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OPENBLAS_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "firmware_py.bench.busy", str(os.getpid())]
        self._processes = [subprocess.Popen(command, env=environment) for _ in os.sched_getaffinity(0)]
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


def main(parent_pid: int) -> None:
    """Spin through more memory than the caches hold, until the parent ends."""
    import numpy as np

    die_with(parent_pid)
    much = np.zeros(4_000_000)
    while True:
        much += 1.0
        sum(range(100_000))


if __name__ == "__main__":
    main(int(sys.argv[1]))
