"""The webcam adapter above a kernel that stands in for Linux: modes, buffers, times, being lost and found again."""

import ctypes
import subprocess
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_v4l2 import FakeKernel, Webcam

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight import v4l2_abi as abi
from firmware_py.sight.camera import LightControl, Pace
from firmware_py.sight.v4l2 import V4L2Camera
from firmware_py.sight.v4l2_devices import devices

LIVE = Pace(0, realtime=True)
JPEG = {"MJPG": {(640, 480): (60.0,)}}


class Machine:
    """A /dev with the webcams of a fake kernel in it, each with its name under by-id if it has one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernel = FakeKernel()
        self.by_id = folder / "v4l" / "by-id"

    def plug(self, node: str, webcam: Webcam, by_id: str = "") -> Webcam:
        (self.folder / node).touch()
        self.kernel.webcams[node] = webcam
        if by_id:
            self.by_id.mkdir(parents=True, exist_ok=True)
            (self.by_id / by_id).symlink_to(f"../../{node}")
        return webcam

    def unplug(self, node: str) -> Webcam:
        (self.folder / node).unlink()
        for link in self.by_id.glob("*") if self.by_id.exists() else ():
            if link.resolve().name == node:
                link.unlink()
        webcam = self.kernel.webcams.pop(node)
        self.kernel.webcams[node] = Webcam(gone=True)
        return webcam

    def open(self, device: str = "", **settings: Any) -> V4L2Camera:
        return V4L2Camera(device, kernel=self.kernel, folder=self.folder, clock=self.kernel.clock, **settings)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# every field that is read or written, by the kernel's name of its structure
FIELDS = {
    "v4l2_capability": (abi.Capability, "driver card bus_info capabilities device_caps"),
    "v4l2_fmtdesc": (abi.FmtDesc, "index type pixelformat"),
    "v4l2_frmsizeenum": (abi.FrmSizeEnum, "index pixel_format type sizes=discrete.width"),
    "v4l2_frmivalenum": (abi.FrmIvalEnum, "index pixel_format width height type fractions=discrete.numerator"),
    "v4l2_pix_format": (abi.PixFormat, "width height pixelformat field bytesperline sizeimage"),
    "v4l2_format": (abi.Format, "type fmt=fmt.pix"),
    "v4l2_streamparm": (abi.StreamParm, "type parm=parm.capture"),
    "v4l2_requestbuffers": (abi.RequestBuffers, "count type memory"),
    "v4l2_buffer": (
        abi.Buffer,
        "index type bytesused flags sequence memory length seconds=timestamp.tv_sec microseconds=timestamp.tv_usec "
        "offset=m.offset",
    ),
    "v4l2_queryctrl": (abi.QueryCtrl, "id minimum maximum flags"),
    "v4l2_querymenu": (abi.QueryMenu, "id index"),
    "v4l2_control": (abi.Control, "id value"),
}


def test_the_structures_and_requests_are_the_kernels_own(tmp_path: Path) -> None:
    requests = [name for name in dir(abi) if name.isupper() and isinstance(getattr(abi, name), int)
                and getattr(abi, name) >> 8 & 0xFF == ord("V") and not name.startswith(("C", "BUF"))]  # fmt: skip
    assert len(requests) == 16
    wanted = {f"VIDIOC_{name}": getattr(abi, name) for name in requests}
    for kernels, (ours, fields) in FIELDS.items():
        wanted[f"sizeof(struct {kernels})"] = ctypes.sizeof(ours)
        for field in fields.split():
            name, _, theirs = field.partition("=")
            wanted[f"offsetof(struct {kernels}, {theirs or name})"] = getattr(ours, name).offset
    lines = "".join(f'printf("%lu\\n", (unsigned long){what});' for what in wanted)
    source = tmp_path / "abi.c"
    source.write_text(
        f"#include <linux/videodev2.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void){{{lines} return 0;}}"
    )
    subprocess.run(["gcc", source, "-o", tmp_path / "abi"], check=True, timeout=30)
    told = subprocess.run([tmp_path / "abi"], capture_output=True, text=True, check=True, timeout=10).stdout
    assert dict(zip(wanted, map(int, told.split()), strict=True)) == wanted


def test_frames_come_scaled_numbered_and_with_the_drivers_time(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    camera = machine.open()
    assert camera.rate_hz == 30
    assert "HD Pro Webcam C920" in camera.description
    frames = camera.frames(LIVE)
    for number in range(6):
        before_ns = machine.kernel.now_ns
        frame = next(frames)
        assert (frame.number, frame.width, frame.height, frame.source_size) == (number, 320, 240, (640, 480))
        assert frame.t_capture_ns == pytest.approx(before_ns - 20_000_000, abs=1_000)
        assert (frame.i420[:240] == 90).all()
        assert (frame.i420[240:] == 128).all()


def test_a_picture_keeps_when_its_buffer_is_the_cameras_again(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    frames = machine.open().frames(LIVE)
    frame = next(frames)
    for memory in next(iter(machine.kernel.memory.values())):
        memory[:] = 255
    assert (frame.i420[:240] == 90).all()


@pytest.mark.parametrize(
    ("stamp", "age_ns"),
    [
        (0, 20_000_000),  # no clock is told
        (0x4000, 20_000_000),  # copied from somewhere
        (abi.BUF_TIMESTAMP_MONOTONIC, -5_000_000),  # in the future
        (abi.BUF_TIMESTAMP_MONOTONIC, 90_000_000_000),  # of another clock whatever it says
    ],
)
def test_a_time_of_another_clock_is_not_believed(stamp: int, age_ns: int, machine: Machine) -> None:
    machine.plug("video0", Webcam(stamp=stamp, age_ns=age_ns))
    frames = machine.open().frames(LIVE)
    frame = next(frames)
    assert 0 < machine.kernel.now_ns - frame.t_capture_ns <= 70_000_000


def test_a_time_of_the_frames_end_is_half_a_frame_late(machine: Machine) -> None:
    machine.plug("video0", Webcam(stamp=abi.BUF_TIMESTAMP_MONOTONIC))
    frames = machine.open().frames(LIVE)
    before_ns = machine.kernel.now_ns
    assert next(frames).t_capture_ns == pytest.approx(before_ns - 20_000_000 - 16_666_667, abs=1_000)


def test_a_grey_camera_gives_frames_without_colour(machine: Machine) -> None:
    machine.plug("video0", Webcam(modes={"GREY": {(640, 480): (60.0,)}}))
    frame = next(machine.open().frames(LIVE))
    assert (frame.i420[:240] == 90).all()
    assert (frame.i420[240:] == 128).all()


def test_torn_jpegs_are_left_out_and_their_numbers_with_them(machine: Machine) -> None:
    whole = cv2.imencode(".jpg", np.full((480, 640, 3), 90, np.uint8))[1].tobytes()
    machine.plug("video0", Webcam(modes=JPEG, frames=[whole, whole, whole[:500], b"", whole]))
    frames = machine.open().frames(LIVE)
    assert [next(frames).number for _ in range(3)] == [0, 3, 4]


def test_a_camera_of_only_torn_frames_is_lost(machine: Machine) -> None:
    machine.plug("video0", Webcam(torn=True))
    with pytest.raises(CameraLostError, match="gives no more pictures"):
        next(machine.open().frames(LIVE))


def test_a_stream_that_stalls_two_seconds_is_lost_and_less_is_waited_for(machine: Machine) -> None:
    good = bytes([90, 128]) * (640 * 480)
    webcam = machine.plug("video0", Webcam(frames=[good, good, *[None] * 5, good]))
    frames = machine.open().frames(LIVE)
    assert next(frames).number == 0
    assert next(frames).number == 1
    webcam.frames = [None]
    with pytest.raises(CameraLostError, match="video0 gives no more pictures"):
        next(frames)


def test_a_camera_pulled_out_is_found_again_under_another_number_by_its_id(machine: Machine) -> None:
    name = "usb-046d_HD_Pro_Webcam_C920_1A2B3C-video-index0"
    machine.plug("video0", Webcam(), name)
    machine.plug("video2", Webcam(card="Another"), "usb-other-video-index0")
    camera = machine.open("video0")
    frames = camera.frames(LIVE)
    next(frames)
    webcam = machine.unplug("video0")
    with pytest.raises(CameraLostError, match="video0 is gone"):
        next(frames)
    camera.close()
    with pytest.raises(CameraError, match="C920 is gone; plug it in again"):
        machine.open("video0", known=camera.known)
    machine.plug("video3", webcam, name)
    again = machine.open("video0", known=camera.known)
    assert "video3" in again.description
    assert next(again.frames(LIVE)).number == 0


def test_without_ids_it_is_found_again_by_what_it_says_it_is(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    machine.plug("video1", Webcam(card="Another"))
    camera = machine.open()
    webcam = machine.unplug("video0")
    camera.close()
    machine.plug("video4", webcam)
    assert "video4" in machine.open(known=camera.known).description


def test_a_name_under_by_id_or_a_part_of_it_chooses_among_two_cameras(machine: Machine) -> None:
    machine.plug("video0", Webcam(card="Left"), "usb-Maker_Left_111-video-index0")
    machine.plug("video2", Webcam(card="Right"), "usb-Maker_Right_222-video-index0")
    (machine.by_id / "usb-Maker_Right_222-video-index1").symlink_to("../../video3")
    for named in (
        "usb-Maker_Right_222-video-index0",
        "right",
        "222",
        str(machine.by_id / "usb-Maker_Right_222-video-index0"),
    ):
        assert machine.open(named).known.identity.card == "Right"
    with pytest.raises(CameraError, match=r"'Maker' fits usb-Maker_Left.*give more of the name"):
        machine.open("Maker")
    with pytest.raises(CameraError, match=r"no camera named 'Middle'; found: .*video0 \(usb-Maker_Left"):
        machine.open("Middle")


def test_a_camera_that_may_not_be_opened_names_the_group_to_join(machine: Machine) -> None:
    machine.plug("video0", Webcam(forbidden=True))
    group = (machine.folder / "video0").group()
    with pytest.raises(CameraError, match=rf"join its group {group}: sudo usermod --append --groups {group} \$USER"):
        machine.open()


def test_a_camera_that_another_program_holds_says_so_and_is_given_back(machine: Machine) -> None:
    machine.plug("video0", Webcam(busy=True))
    with pytest.raises(CameraError, match="another program holds it"):
        machine.open()
    assert machine.kernel.open_fds == {}


def test_what_gives_no_pictures_is_passed_over(machine: Machine) -> None:
    machine.plug("video0", Webcam(card="metadata", capabilities=0x0080_0000 | abi.CAP_STREAMING))
    machine.plug("video1", Webcam(card="codec", capabilities=abi.CAP_VIDEO_M2M | abi.CAP_STREAMING | 1))
    machine.plug("video2", Webcam(card="the Pi's own", driver="unicam"))
    machine.plug("video3", Webcam(card="silent", frames=[None]))
    machine.plug("video10", Webcam(card="seen"))
    assert machine.open().known.identity.card == "seen"
    assert list(machine.kernel.open_fds.values()) == ["video10"]


def test_a_machine_without_a_camera_says_what_to_do(machine: Machine) -> None:
    with pytest.raises(CameraError, match="plug one in or use --camera ghost"):
        machine.open()


def test_a_device_that_is_not_there_is_named_with_those_that_are(machine: Machine) -> None:
    machine.plug("video3", Webcam())
    with pytest.raises(CameraError, match=r"there is no .*video9; found: .*video3"):
        machine.open(str(machine.folder / "video9"))


def test_devices_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for node in ("video10", "video2", "videograbber", "video0"):
        (tmp_path / node).touch()
    assert [node.name for node in devices(tmp_path)] == ["video0", "video2", "video10"]


def test_sizes_told_as_limits_and_rates_not_told_at_all_still_give_a_mode(machine: Machine) -> None:
    machine.plug("video0", Webcam(modes={}, limits={"YUYV": (16, 1920, 2, 16, 1080, 2)}, rated=False))
    camera = machine.open()
    assert camera.mode.size == (640, 480)
    assert next(camera.frames(LIVE)).width == 320


def test_rows_that_the_driver_pads_are_read_right(machine: Machine) -> None:
    width = 640 * 2 + 64
    row = bytes([90, 128]) * 640 + bytes([255]) * 64
    machine.plug("video0", Webcam(padding=64, frames=[row * 480]))
    assert (next(machine.open().frames(LIVE)).i420[:240] == 90).all(), width


def test_while_nobody_plays_few_frames_come_and_as_large_as_they_are(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    resting = threading.Event()
    resting.set()
    camera = machine.open()
    frames = camera.frames(Pace(0, realtime=True, resting=resting))
    first, second = next(frames), next(frames)
    assert (first.width, second.width) == (640, 640)
    assert second.t_capture_ns - first.t_capture_ns >= 450_000_000
    resting.clear()
    third = next(frames)
    assert third.t_capture_ns - second.t_capture_ns < 100_000_000
    assert next(camera.frames(LIVE)).width == 320, "and the next reader has them small again"


def lit(**changes: Any) -> Webcam:
    return Webcam(
        controls={
            abi.CID_EXPOSURE_AUTO: [0, 3, 3],
            abi.CID_EXPOSURE_ABSOLUTE: [3, 2047, 143],
            abi.CID_EXPOSURE_AUTO_PRIORITY: [0, 1, 1],
            abi.CID_AUTO_WHITE_BALANCE: [0, 1, 1],
            abi.CID_WHITE_BALANCE_TEMPERATURE: [2000, 6500, 4300],
            abi.CID_GAIN: [0, 255, 40],
            abi.CID_FOCUS_AUTO: [0, 1, 1],
            **({abi.CID_POWER_LINE_FREQUENCY: [0, 2, 2]} if changes.get("avoids", True) else {}),
        },
        menus={abi.CID_EXPOSURE_AUTO: (1, 3)},
    )


def test_the_light_is_free_at_first_with_the_rate_kept_and_the_mains_told(machine: Machine) -> None:
    webcam = machine.plug("video0", lit())
    camera = machine.open(mains_hz=50)
    assert isinstance(camera, LightControl)
    now = {control: values[2] for control, values in webcam.controls.items()}
    assert now[abi.CID_EXPOSURE_AUTO] == 3
    assert now[abi.CID_EXPOSURE_AUTO_PRIORITY] == 0
    assert now[abi.CID_POWER_LINE_FREQUENCY] == 1


def test_the_locked_light_stands_as_it_was_and_is_freed_again(machine: Machine) -> None:
    webcam = machine.plug("video0", lit())
    camera = machine.open(mains_hz=50)
    camera.lock_light()
    now = {control: values[2] for control, values in webcam.controls.items()}
    assert (now[abi.CID_EXPOSURE_AUTO], now[abi.CID_EXPOSURE_ABSOLUTE], now[abi.CID_GAIN]) == (1, 143, 40)
    assert (now[abi.CID_AUTO_WHITE_BALANCE], now[abi.CID_WHITE_BALANCE_TEMPERATURE]) == (0, 4300)
    assert now[abi.CID_FOCUS_AUTO] == 0
    camera.free_light()
    assert webcam.controls[abi.CID_EXPOSURE_AUTO][2] == 3
    assert webcam.controls[abi.CID_AUTO_WHITE_BALANCE][2] == 1


@pytest.mark.parametrize(("exposure", "becomes"), [(104, 100), (195, 200), (143, 143), (50, 50)])
def test_a_camera_that_cannot_avoid_flicker_is_locked_at_a_near_whole_number_of_half_waves(
    exposure: int, becomes: int, machine: Machine
) -> None:
    webcam = machine.plug("video0", lit(avoids=False))
    webcam.controls[abi.CID_EXPOSURE_ABSOLUTE][2] = exposure
    machine.open(mains_hz=50).lock_light()
    assert webcam.controls[abi.CID_EXPOSURE_ABSOLUTE][2] == becomes


def test_a_camera_without_controls_is_left_as_it_is(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    camera = machine.open()
    camera.lock_light()
    camera.free_light()
    assert next(camera.frames(LIVE)).number == 0


def test_a_closed_camera_ends_its_frames_and_can_be_closed_twice(machine: Machine) -> None:
    machine.plug("video0", Webcam())
    camera = machine.open()
    frames = camera.frames(LIVE)
    next(frames)
    camera.close()
    camera.close()
    assert list(frames) == []
    assert machine.kernel.open_fds == {}
