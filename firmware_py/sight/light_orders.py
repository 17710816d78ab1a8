"""Carries what the light's keeper decides to a camera, while its frames go on.

Not here: the decisions (``exposure``), the controls (each camera's own).
"""

import sys
import threading

import numpy as np

from firmware_py.hand_sample import Flag
from firmware_py.sight.camera import Frame, LightControl
from firmware_py.sight.exposure import LightKeeper, Order, hand_luma, room_luma


class LightOrders:
    """Watches one live camera's frames and tells it when to lock and to free its light."""

    def __init__(self, camera: LightControl) -> None:
        self._camera = camera
        self._keeper = LightKeeper()
        self._carrier: threading.Thread | None = None

    def saw(self, frame: Frame, sample: np.void, *, counted_in: bool) -> None:
        """Take a frame and what was seen in it (dtype HAND_SAMPLE); returns at once."""
        hand = None
        if int(sample["flags"]) & Flag.PRESENT:
            seen = sample["hands"][0]
            hand = hand_luma(frame.i420, float(seen["x"]), float(seen["y"]), float(seen["area"]))
        order = self._keeper.saw(frame.t_capture_ns / 1e9, room_luma(frame.i420), hand, counted_in=counted_in)
        if order:  # a webcam's controls go over USB and take tenths of a second: frames do not wait for them
            self._carrier = threading.Thread(target=self._carry, args=(order, self._carrier), name="light", daemon=True)
            self._carrier.start()

    def _carry(self, order: Order, before: threading.Thread | None) -> None:
        if before:
            before.join()
        try:
            if order is Order.LOCK:
                self._camera.lock_light()
            else:
                self._camera.free_light()
        except (RuntimeError, OSError) as error:  # the camera has just gone; its frames tell that
            print(f"hand-dance: the camera's light could not be set ({error})", file=sys.stderr, flush=True)
