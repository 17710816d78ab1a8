"""Wireless networks held up to the camera as codes: a reader of ``session.codes`` that asks root to join one.

Not here: the form of such a code (``box.wifi``), or joining (``box.grant``).
"""

from pathlib import Path

from firmware_py.box.wifi import Network
from firmware_py.box.wishes import FOLDER, Wish, ask


def read_network(text: str, folder: Path = FOLDER) -> str | None:
    """Ask to join the network that a code names; returns that in one sentence, None for a code of another kind.

    Raises SetupError for a code that cannot be followed, WishError where nobody can join a network.
    """
    network = Network.of_code(text)
    if network is None:
        return None
    ask(Wish.JOIN_NETWORK, text, folder)
    return f"the box joins the wireless network {network.ssid}"
