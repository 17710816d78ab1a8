"""The live loop: render a block, hand it to the output, and nothing else. Ends with the session, or when told to.

In here nothing is allocated for long, locked, logged or imported; what happens is told by the engine's counters.
"""

from collections.abc import Callable

import numpy as np

from firmware_py._synth import Engine
from firmware_py.lanes import STATUS_DEVICE_LOST, STATUS_READY
from firmware_py.sound.output import Output


def play_live(engine: Engine, output: Output, flags: int, stopping: Callable[[], bool]) -> None:
    """Play until the engine's session has ended, then until the device's buffer has been heard.

    flags: StatusFlag bits to show all along. stopping: true when the end should come now; asked for once a block.
    """
    block = np.zeros((output.period_frames, 2), np.int16)
    # The first write to an idle device may take a second: readiness is told when its buffer has been full once.
    blocks_till_ready = output.periods + 2
    xruns, periods, lost, asked_to_stop = -1, 0, False, False
    while not engine.ended:
        if stopping() and not asked_to_stop:
            asked_to_stop = True
            engine.end()
        if blocks_till_ready >= 0 or output.xruns != xruns or output.periods != periods or output.lost != lost:
            blocks_till_ready -= 1
            xruns, periods, lost = output.xruns, output.periods, output.lost
            engine.describe(
                period_frames=output.period_frames,
                periods=periods,
                xruns=xruns,
                flags=flags | (STATUS_READY if blocks_till_ready <= 0 else 0) | (STATUS_DEVICE_LOST if lost else 0),
            )
        engine.render(block, output.heard_ns())
        output.write(block)
    block.fill(0)
    for _ in range(output.periods):
        output.write(block)
