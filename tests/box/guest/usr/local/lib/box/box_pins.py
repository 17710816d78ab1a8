"""gpiozero's pins for a machine that is no Raspberry Pi but has a header like one: the simulated chip."""

from gpiozero.pins.lgpio import LGPIOFactory


class BoxPins(LGPIOFactory):
    def __init__(self) -> None:
        super().__init__(chip=0)

    def _get_revision(self) -> int:
        return 0xA02082  # a Raspberry Pi 3 B, whose header has the pins of all later ones
