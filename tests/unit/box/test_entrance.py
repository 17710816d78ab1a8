"""``python -m firmware_py.box``: what root's units run, and how it ends."""

import pytest

from firmware_py.box import __main__ as entrance
from firmware_py.box.instrument import Pulse
from firmware_py.box.outcome import Outcome, Result
from firmware_py.config import BoxSettings, Config
from firmware_py.errors import ConfigError, UpdateError


class Updater:
    """An updater that ends as it is told."""

    ends: Result | UpdateError = Result.KEPT

    def __init__(self, *_: object) -> None:
        pass

    def run(self) -> list[Outcome]:
        if isinstance(self.ends, UpdateError):
            raise self.ends
        return [Outcome("", self.ends, "")]

    def adopt(self, name: str) -> Outcome:
        assert isinstance(self.ends, Result)
        return Outcome(name, self.ends, "")


@pytest.fixture
def updater(monkeypatch: pytest.MonkeyPatch) -> type[Updater]:
    monkeypatch.setattr(entrance, "Updater", Updater)
    monkeypatch.setattr(Updater, "ends", Result.KEPT)
    return Updater


def test_an_update_that_was_not_kept_is_told_by_its_outcome_and_one_that_could_not_begin_by_the_unit(updater) -> None:
    updater.ends = Result.TAKEN_BACK
    assert entrance.main(["update"]) == 0
    updater.ends = UpdateError("another update is under way")
    assert entrance.main(["update"]) == 1


def test_an_install_fails_where_its_release_is_not_kept(updater) -> None:
    assert entrance.main(["adopt", "0.1.0-20260101120001"]) == 0
    updater.ends = Result.TAKEN_BACK
    assert entrance.main(["adopt", "0.1.0-20260101120001"]) == 1
    assert entrance.main(["adopt"]) == 2


@pytest.mark.parametrize("playing", [True, False])
@pytest.mark.parametrize("settings", ["on", "off", "wrong"])
def test_the_boxs_own_network_is_looked_after_as_it_is_set_and_never_while_somebody_plays(
    playing: bool, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tended = []

    def load(*_: object) -> Config:
        if settings == "wrong":
            raise ConfigError("line 3")
        return Config(box=BoxSettings(access_point=settings))

    monkeypatch.setattr(entrance, "load_config", load)
    monkeypatch.setattr(
        entrance.Instrument, "pulse", lambda _: Pulse(True, 7, 0, "playing: ode-to-joy" if playing else "ready")
    )
    monkeypatch.setattr(entrance.Access, "tend", lambda _, *, wanted: tended.append(wanted))
    assert entrance.main(["access-point"]) == 0
    assert tended == ([] if playing else [settings != "off"])
