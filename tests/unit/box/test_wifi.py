"""Wireless networks: codes read, everything else refused, and the keyfile NetworkManager gets."""

import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.box.wifi import Network
from firmware_py.errors import SetupError

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63)


@pytest.mark.parametrize(
    ("code", "ssid", "password"),
    [
        ("WIFI:T:WPA;S:home;P:hunter22;;", "home", "hunter22"),
        ("WIFI:S:home;P:hunter22;T:WPA2;H:false;;", "home", "hunter22"),
        (r"WIFI:T:WPA;S:a\;b\:c;P:qu\"o\\te\,s;;", "a;b:c", 'qu"o\\te,s'),
        ("wifi:t:wpa;s:Café;p:hunter22;;", "Café", "hunter22"),
        ("WIFI:T:nopass;S:guests;;", "guests", ""),
        ("WIFI:S:guests;;", "guests", ""),
        ('WIFI:T:WPA;S:"abcd";P:"12345678";;', "abcd", "12345678"),
        ("WIFI:T:WPA;S:home;P:hunter22;", "home", "hunter22"),
    ],
)
def test_a_code_names_a_network(code: str, ssid: str, password: str) -> None:
    network = Network.of_code(code)
    assert network is not None
    assert (network.ssid, network.password) == (ssid, password)


@pytest.mark.parametrize("text", ["", "WIFI", "mailto:ana@example.org", "https://example.org/WIFI:S:x;;"])
def test_another_kind_of_code_is_left_to_others(text: str) -> None:
    assert Network.of_code(text) is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("WIFI:", "0 bytes; allowed are 1 to 32"),
        ("WIFI:T:WPA;S:" + "é" * 17 + ";P:hunter22;;", "34 bytes"),
        ("WIFI:T:WPA;S:home;P:short;;", "5 characters; allowed are 8 to 63"),
        ("WIFI:T:WPA;S:home;;", "without its password"),
        ("WIFI:T:WEP;S:home;P:abcde;;", "secured by 'WEP'"),
        ("WIFI:T:WPA2-EAP;S:home;P:hunter22;;", "use another network of the router"),
        ("WIFI:T:WPA;S:home;P:hunt\\", "cut off or damaged"),
        ("WIFI:T:WPA;S:home;P:hunter22\nkey-mgmt=none;;", "allowed are 8 to 63"),
        ("WIFI:T:nopass;S:a\nb;;", "cannot be shown"),
    ],
)
def test_a_code_that_cannot_be_followed_says_why_without_its_password(code: str, says: str) -> None:
    with pytest.raises(SetupError, match=says) as refused:
        Network.of_code(code)
    assert "hunt" not in str(refused.value)


def test_a_network_does_not_show_its_password() -> None:
    assert "hunter22" not in repr(Network("home", "hunter22"))


@given(st.text(max_size=120))
def test_any_text_is_a_network_or_refused(text: str) -> None:
    try:
        network = Network.of_code("WIFI:" + text)
    except SetupError:
        return
    assert network is not None
    network.keyfile()


@given(PRINTABLE, st.booleans())
def test_a_code_gives_back_what_was_put_in_and_the_keyfile_holds_it(password: str, hidden: bool) -> None:
    special = {sign: "\\" + sign for sign in '\\;,:"'}
    code = f"WIFI:T:WPA;S:h;P:{password.translate(str.maketrans(special))};H:{str(hidden).lower()};;"
    network = Network.of_code(code)
    assert network == Network("h", password, hidden=hidden)
    read = configparser.RawConfigParser(delimiters="=", comment_prefixes=())
    read.read_string(network.keyfile())
    assert read["wifi"]["ssid"] == "104;"
    written = read["wifi-security"]["psk"]
    assert written.replace("\\\\", "\0").replace("\\s", " ").replace("\0", "\\") == password
    assert written == written.strip(), "blanks at an end are dropped by who reads it"


def test_the_keyfile_says_how_the_network_is_secured() -> None:
    assert "key-mgmt=wpa-psk" in Network("home", "hunter22").keyfile()
    assert "key-mgmt=sae" in Network("home", "hunter22", sae=True).keyfile()
    assert "wifi-security" not in Network("guests").keyfile()
    assert "hidden=true" in Network("home", hidden=True).keyfile()


def test_a_network_has_one_file_whatever_its_name() -> None:
    assert Network("../../etc/passwd").file_name == Network("../../etc/passwd", "hunter22").file_name
    assert "/" not in Network("../../etc/passwd").file_name
