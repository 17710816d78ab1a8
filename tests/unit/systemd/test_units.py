import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[3] / "systemd"
SERVICES = ["hand-dance.service", "hand-dance-post.service"]
UPDATERS = ["hand-dance-update.service", "hand-dance-guard.service"]
ROOTS = ["hand-dance-setup.service", "hand-dance-wishes.service", "hand-dance-access-point.service", *UPDATERS]
OTHERS = ["hand-dance-doctor.service", "hand-dance-settle.service"]
MOST_EXPOSURE = 2.0

assert shutil.which("systemd-analyze"), "systemd-analyze is missing; Debian's package systemd brings it"


def setting(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)


@pytest.fixture
def units(tmp_path):
    """The units with a command that exists on every machine; verify looks for it."""
    for path in UNITS.glob("hand-dance*.*"):
        text = re.sub(r"/opt/hand-dance/(bin/[a-z-]+|guard)", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    return tmp_path


def test_systemd_understands_every_line(units):
    paths = sorted(str(p) for p in units.iterdir())
    assert len(paths) >= 4
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *paths],
        capture_output=True,
        text=True,
        timeout=60,
    )
    # verify ends with 0 even where it did not know a key: what it says is what counts.
    assert (told.stdout + told.stderr).strip() == ""
    assert told.returncode == 0


def test_the_check_sees_a_key_that_systemd_does_not_know(units):
    unit = units / "hand-dance.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert "WatchdogSecs" in told.stderr


@pytest.mark.parametrize("service", [*SERVICES, *ROOTS, *OTHERS])
def test_a_service_is_exposed_to_little(service, units):
    told = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            f"--threshold={round(MOST_EXPOSURE * 10)}",
            str(units / service),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert found, told.stderr
    assert float(found[1]) <= MOST_EXPOSURE, told.stdout
    assert told.returncode == 0


def test_the_instrument_tells_systemd_that_it_lives_and_comes_back_for_ever():
    service = "hand-dance.service"
    assert setting(service, "Type") == ["notify"]
    assert setting(service, "WatchdogSec") == ["10"]
    assert setting(service, "Restart") == ["always"]
    assert setting(service, "StartLimitIntervalSec") == ["0"]
    assert setting(service, "ExecStart") == ["/opt/hand-dance/bin/hand-dance run"]


def test_the_instrument_waits_for_no_network_and_cannot_reach_one():
    text = (UNITS / "hand-dance.service").read_text()
    assert "network" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE).replace("PrivateNetwork=yes", "").lower()
    assert setting("hand-dance.service", "PrivateNetwork") == ["yes"]


def test_the_sound_process_may_be_realtime_and_stay_in_memory():
    assert int(setting("hand-dance.service", "LimitRTPRIO")[0]) >= 50
    assert setting("hand-dance.service", "LimitMEMLOCK") == ["256M"]
    assert not setting("hand-dance.service", "RestrictRealtime")


def test_both_services_keep_their_state_in_one_place_for_one_user():
    for service in SERVICES:
        assert setting(service, "User") == ["hand-dance"]
        assert setting(service, "StateDirectory") == ["hand-dance"]
        assert setting(service, "Environment") == ["HAND_DANCE_PATHS_STATE=/var/lib/hand-dance"]
        assert not setting(service, "RemoveIPC"), "the other service's ring would go with it"


def test_a_new_letter_starts_the_mailer_and_the_mailer_does_not_start_itself():
    from firmware_py.post.mailer import NETWORK
    from firmware_py.post.outbox import Outbox

    assert setting("hand-dance-post.path", "PathChanged") == [
        f"/var/lib/hand-dance/outbox/{Outbox.BELL}",
        str(NETWORK),
    ]
    assert setting("hand-dance-post.path", "Unit") == ["hand-dance-post.service"]
    assert setting("hand-dance-post.timer", "OnUnitInactiveSec") == ["10min"]


def test_the_password_reaches_the_mailer_as_a_credential_and_nothing_else():
    from firmware_py.post.password import CREDENTIAL, SEALED

    assert setting("hand-dance-post.service", "LoadCredential") == [CREDENTIAL]
    assert setting("hand-dance-post.service", "LoadCredentialEncrypted") == [SEALED]
    assert setting("hand-dance.service", "LoadCredential") == []


def test_what_the_instrument_asks_for_starts_root_and_is_forgotten_by_a_power_cut():
    from firmware_py.box.wishes import FOLDER, Wish

    (watched,) = setting("hand-dance-wishes.path", "PathExistsGlob")
    assert all(wish.file(FOLDER).match(watched) for wish in Wish)
    assert FOLDER.is_relative_to("/run")
    assert setting("hand-dance.service", "ReadWritePaths") == [f"-{FOLDER}"]
    lines = (UNITS / "tmpfiles.d" / "hand-dance.conf").read_text().splitlines()
    assert f"d {FOLDER} 0770 root hand-dance -" in lines


@pytest.mark.parametrize("service", ROOTS)
def test_who_is_root_has_none_of_roots_capabilities_and_no_way_to_a_network(service):
    assert setting(service, "CapabilityBoundingSet") == [""]
    assert setting(service, "PrivateNetwork") == ["yes"]
    assert setting(service, "Type") == ["oneshot"]


def test_the_boot_partition_is_followed_before_the_network_and_the_instrument_start():
    before = setting("hand-dance-setup.service", "Before")[0].split()
    assert {"NetworkManager.service", "hand-dance.service", "hand-dance-post.service"} <= set(before)


def test_a_box_without_a_network_gets_its_own_and_a_network_that_comes_ends_it():
    from firmware_py.box.access import MARK
    from firmware_py.box.access_point import CONNECTION
    from firmware_py.post.mailer import NETWORK

    assert setting("hand-dance-access-point.timer", "OnBootSec") == ["2min"]
    assert setting("hand-dance-access-point.path", "PathChanged") == [str(NETWORK)] == [f"/{MARK}"]
    assert f'"${{CONNECTION_ID:-}}" != {CONNECTION} ]' in (UNITS / "network-is-back").read_text()


def test_who_is_called_by_a_change_is_never_refused_for_too_many():
    """systemd's limit of five starts in ten seconds would end the path with the service, until the next power-on."""
    called = [path.name for path in UNITS.glob("*.path") if setting(path.name, "PathChanged")]
    assert len(called) == 2
    for path in called:
        assert setting(setting(path, "Unit")[0], "StartLimitIntervalSec") == ["0"]


def test_every_service_is_measured():
    assert sorted(path.name for path in UNITS.glob("*.service")) == sorted([*SERVICES, *ROOTS, *OTHERS])


def test_an_unproven_release_is_taken_back_before_anything_of_it_starts_and_whenever_its_updater_dies():
    guard = "hand-dance-guard.service"
    started = {*SERVICES, "hand-dance-setup.service", "hand-dance-update.service"}
    assert started <= set(setting(guard, "Before")[0].split())
    assert setting(guard, "RemainAfterExit") == ["yes"], "once for each start, not in the middle of a trial"
    assert guard not in (UNITS / "services").read_text().split(), "nor with the services that an update starts"
    (stopped,) = setting("hand-dance-update.service", "ExecStopPost")
    assert setting(guard, "ExecStart") == [f"{stopped} start"]


def test_what_an_update_needs_rights_for_is_one_unit_that_is_told_what_to_do_by_the_release_alone():
    settle = "hand-dance-settle.service"
    assert setting(settle, "CapabilityBoundingSet") == ["CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER"]
    assert setting(settle, "ExecStart") == ["/bin/sh /opt/hand-dance/current/systemd/settle"]
    assert setting(settle, "PrivateNetwork") == ["yes"]


def test_the_doctor_looks_with_the_instruments_own_rights_at_what_there_is_to_look_at():
    from firmware_py.box.outcome import TOLD
    from firmware_py.doctor.examine import CHECKS

    doctor = "hand-dance-doctor.service"
    for key in ("User", "SupplementaryGroups", "DeviceAllow", "PrivateNetwork", "LimitRTPRIO", "Environment"):
        assert setting(doctor, key) == setting("hand-dance.service", key)
    asked = setting(doctor, "ExecStart")[0].partition(" --json ")[2].split()
    assert set(asked) <= {thing for check in CHECKS for thing in check.things}
    assert setting(doctor, "StandardOutput") == [f"truncate:{TOLD}/doctor.json"]


def test_an_update_starts_for_what_can_wait_for_it():
    from firmware_py.box.releases import PLACE
    from firmware_py.box.update import BACK, BOOT_FOLDERS, PACKAGE

    waits = [f"|{folder / PACKAGE}" for folder in (*BOOT_FOLDERS, PLACE / "incoming")]
    assert setting("hand-dance-update.service", "ConditionPathExists") == [*waits, f"|{PLACE}/incoming/{BACK}"]
    assert setting("hand-dance-update.service", "ReadWritePaths")[0].split() == [
        str(PLACE),
        *(f"-{folder}" for folder in reversed(BOOT_FOLDERS)),
    ]


def test_whatever_is_to_be_started_is_the_whole_box_s_or_the_machine_s():
    machines = {"hand-dance.target", "hand-dance-update.service"}
    for unit in (UNITS / "services").read_text().split():
        assert setting(unit, "WantedBy") == ["multi-user.target" if unit in machines else "hand-dance.target"]


def test_what_goes_on_by_itself_ends_with_the_whole_box():
    goes_on = {"hand-dance.service", *(path.name for kind in ("path", "timer") for path in UNITS.glob(f"*.{kind}"))}
    assert goes_on == {path.name for path in UNITS.glob("hand-dance*.*") if setting(path.name, "PartOf")}
    assert all(setting(unit, "PartOf") == ["hand-dance.target"] for unit in goes_on)


def test_a_machine_that_hangs_is_started_again_within_fifteen_seconds():
    (seconds,) = re.findall(r"^RuntimeWatchdogSec=(\d+)s$", (UNITS / "system.conf.d/hand-dance.conf").read_text(), re.M)
    assert 5 <= int(seconds) <= 15


def test_the_user_is_made_with_the_groups_of_the_devices():
    told = subprocess.run(
        ["systemd-sysusers", "--dry-run", str(UNITS / "sysusers.d" / "hand-dance.conf")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    lines = (UNITS / "sysusers.d" / "hand-dance.conf").read_text().splitlines()
    groups = {line.split()[2] for line in lines if line.startswith("m hand-dance ")}
    assert groups == set(setting("hand-dance.service", "SupplementaryGroups")[0].split())


def test_the_state_folder_is_its_owners_alone():
    lines = [
        line.split() for line in (UNITS / "tmpfiles.d" / "hand-dance.conf").read_text().splitlines() if line[0] != "#"
    ]
    modes = {line[1]: line[2] for line in lines}
    assert modes["/var/lib/hand-dance"] == "0700"
    assert modes["/var/lib/hand-dance/outbox/bell"] == "0600"
