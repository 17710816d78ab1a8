"""One LiteRT network: loaded once, fed one picture, read as NumPy arrays. Not here: what its numbers mean."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import ModelFilesError


class Network:
    """A network with one square RGB picture as input, run on one thread.

    The interpreter is not safe to share between threads; each thread loads its own.
    """

    def __init__(self, path: Path) -> None:
        """Load the network of the file ``path``. Raises ModelFilesError when LiteRT or the file cannot be used."""
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise ModelFilesError(
                f"LiteRT is not installed ({error}); install it with: pip install ai-edge-litert"
            ) from error
        try:
            with _quiet_loader():
                self._interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
                self._interpreter.allocate_tensors()
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelFilesError(
                f"{path} is not a network that LiteRT can run ({error}); run: hand-dance models"
            ) from error
        detail = self._interpreter.get_input_details()[0]
        self._input = int(detail["index"])
        self._outputs = {str(d["name"]): int(d["index"]) for d in self._interpreter.get_output_details()}
        self.side = int(detail["shape"][1])
        self._scaled = np.empty((1, self.side, self.side, 3), dtype=np.float32)

    def run(self, picture: NDArray[np.uint8]) -> None:
        """Run over ``picture``, uint8 RGB, shape (side, side, 3); ``output`` then reads the answer."""
        np.multiply(picture, np.float32(1 / 255), out=self._scaled[0])
        self._interpreter.set_tensor(self._input, self._scaled)
        self._interpreter.invoke()

    def output(self, name: str) -> NDArray[np.float32]:
        """Return a copy of the output ``name`` without its leading axis of one."""
        return np.asarray(self._interpreter.get_tensor(self._outputs[name])[0], dtype=np.float32)


@contextmanager
def _quiet_loader() -> Iterator[None]:
    """Keep the loader's greeting off stderr, which is for sentences to the user.

    It is written by compiled code straight to file descriptor 2 and has no switch.
    """
    keep = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(keep, 2)
        os.close(keep)
        os.close(nowhere)
