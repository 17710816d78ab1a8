"""Exposure, white balance and focus of a webcam: automatic, or standing still as they are.

Not here: when (``exposure``).
"""

from typing import Final

from firmware_py.sight import v4l2_abi as abi
from firmware_py.sight.exposure import flicker_free
from firmware_py.sight.v4l2_device import Device

_MANUAL: Final = 1
_AUTOMATIC: Final = (3, 0)  # aperture priority is what most webcams call it
_HUNDRED_US: Final = 100
_MAINS: Final = {50: 1, 60: 2}


class Light:
    """The controls of one device; one that a camera lacks or refuses is left as it is.

    mains_hz: of the lamps, 50 or 60; 0: their flicker is not to be avoided. rate_hz: what exposures leave room for.
    """

    def __init__(self, device: Device, *, mains_hz: int, rate_hz: float) -> None:
        self._device = device
        self._mains_hz = mains_hz
        self._longest_us = 1e6 / rate_hz
        told = device.range_of(abi.CID_POWER_LINE_FREQUENCY)
        self._camera_avoids_flicker = bool(
            told and mains_hz in _MAINS and device.set(abi.CID_POWER_LINE_FREQUENCY, _MAINS[mains_hz])
        )
        self._set_where_there(abi.CID_EXPOSURE_AUTO_PRIORITY, 0)
        self.free()

    def free(self) -> None:
        """Let the camera measure the light."""
        for choice in _AUTOMATIC:
            if self._device.has_choice(abi.CID_EXPOSURE_AUTO, choice):
                self._set_where_there(abi.CID_EXPOSURE_AUTO, choice)
                break
        for control in (abi.CID_AUTOGAIN, abi.CID_AUTO_WHITE_BALANCE, abi.CID_FOCUS_AUTO):
            self._set_where_there(control, 1)

    def lock(self) -> None:
        """Let it stand as it is, at an exposure that does not beat with the lamps."""
        exposure, gain = self._device.value(abi.CID_EXPOSURE_ABSOLUTE), self._device.value(abi.CID_GAIN)
        warmth = self._device.value(abi.CID_WHITE_BALANCE_TEMPERATURE)
        for control in (abi.CID_AUTOGAIN, abi.CID_AUTO_WHITE_BALANCE, abi.CID_FOCUS_AUTO):
            self._set_where_there(control, 0)
        if self._device.has_choice(abi.CID_EXPOSURE_AUTO, _MANUAL):
            self._set_where_there(abi.CID_EXPOSURE_AUTO, _MANUAL)
            if exposure:
                exposure, gain = self._steady(exposure, gain)
                self._set_where_there(abi.CID_EXPOSURE_ABSOLUTE, exposure)
            if gain is not None:
                self._set_where_there(abi.CID_GAIN, gain)
        if warmth:
            self._set_where_there(abi.CID_WHITE_BALANCE_TEMPERATURE, warmth)

    def _steady(self, exposure: int, gain: int | None) -> tuple[int, int | None]:
        """Return exposure in units of 100 µs and gain; a gain's scale is the maker's secret, so it is kept."""
        if self._camera_avoids_flicker:
            return exposure, gain
        # within a twelfth of a whole number of half waves the gain need not make up for it
        steady_us, _ = flicker_free(
            exposure * _HUNDRED_US, 1.0, self._mains_hz, longest_us=self._longest_us, gains=(0.92, 1.09)
        )
        return max(1, round(steady_us / _HUNDRED_US)), gain

    def _set_where_there(self, control: int, value: int) -> None:
        told = self._device.range_of(control)
        if told:
            self._device.set(control, min(max(value, told[0]), told[1]))
