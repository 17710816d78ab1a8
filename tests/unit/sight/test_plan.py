"""The plan of a sight process travels as JSON."""

import pytest

from firmware_py.config import CameraSettings
from firmware_py.errors import UsageError
from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight.ghost.part import GhostPart
from firmware_py.sight.plan import SightPlan


def test_a_plan_comes_out_as_it_went_in() -> None:
    part = GhostPart((Note(1.0, 0.5, 60.25, 0.8), Note(1.5, 0.5, 62.0)), Mapping(low=50.5), 0.06, 12.5)
    plan = SightPlan(
        "box",
        CameraSettings(source="ghost:late=0.1"),
        "/state",
        realtime=False,
        synchronous=True,
        hands=1,
        ghost=part,
        parent_pid=77,
    )
    assert SightPlan.from_json(plan.to_json()) == plan


def test_a_plan_without_a_ghost_comes_out_without_one() -> None:
    assert SightPlan.from_json(SightPlan("box").to_json()) == SightPlan("box")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"lanes": "a", "camera": {}, "colour": 1}', '{"lanes": "a"'])
def test_what_is_no_plan_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="holds no plan of a session"):
        SightPlan.from_json(text)
