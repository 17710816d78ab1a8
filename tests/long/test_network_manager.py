"""Our keyfiles, read by NetworkManager's own parser: nmcli --offline, where it is installed.

Not among the packages that the tests install: NetworkManager takes over the network of the machine it is put on.
"""

import shutil
import subprocess

import pytest

from firmware_py.box.wifi import Network

pytestmark = pytest.mark.skipif(shutil.which("nmcli") is None, reason="NetworkManager is not on this machine")

NETWORKS = [
    Network("home", "hunter22"),
    Network("Café; [x] = \\s", " qu\"o\\te,s;#' "),
    Network("  two blanks ", "\\s\\t\\n\\\\ x"),
    Network("hidden", "0123456789abcdef" * 4, hidden=True),
    Network("new", "hunter22", sae=True),
    Network("guests"),
    Network("ö" * 16, "!" * 63),
]


def _read(network: Network) -> dict[str, str]:
    """Return what NetworkManager understands, by its own names; the first command normalises, the second is asked."""
    keyfile = network.keyfile()
    done = subprocess.run(
        ["nmcli", "--offline", "connection", "modify", "connection.autoconnect", "yes"],
        input=keyfile,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    section, found = "", {}
    for line in done.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            key, _, value = line.partition("=")
            found[f"{section}.{key}"] = value
    return found


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_network_manager_reads_what_was_written(network: Network) -> None:
    found = _read(network)
    assert found["connection.type"] == "wifi"
    assert found["connection.id"] == network.name
    ssid = found["wifi.ssid"]
    as_bytes = bytes(int(part) for part in ssid.split(";")[:-1]) if ssid.endswith(";") else _plain(ssid).encode()
    assert as_bytes == network.ssid.encode()
    assert found.get("wifi.hidden", "false") == str(network.hidden).lower()
    assert _plain(found.get("wifi-security.psk", "")) == network.password
    wanted = ("sae" if network.sae else "wpa-psk") if network.password else None
    assert found.get("wifi-security.key-mgmt") == wanted


def _plain(value: str) -> str:
    return value.replace("\\\\", "\0").replace("\\s", " ").replace("\\;", ";").replace("\0", "\\")
