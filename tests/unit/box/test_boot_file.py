"""The set-up file of the boot partition, as laptops write it, and as a card that was pulled out leaves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.box.boot_file import read_set_up
from firmware_py.box.wifi import Network
from firmware_py.config import Config, load_config
from firmware_py.errors import SetupError

FILE = """\
# My box
[wifi]
ssid = "home"
password = "wifi-secret"  # from the router

[mail]
host = "smtp.example.org"
password = 'mail-secret'
# password = "older-secret"
recipient = "teacher@example.org"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_network_and_password_are_read_and_erased_and_the_rest_stays(end: str, mark: bytes) -> None:
    content = mark + FILE.replace("\n", end).encode()
    asked = read_set_up(content)
    assert asked.network == Network("home", "wifi-secret")
    assert asked.mail_password == "mail-secret"  # noqa: S105 - of nobody
    assert asked.complaints == ()
    assert b"secret" not in asked.erased
    assert len(asked.erased) == len(content)
    assert asked.erased.count(b"\r\n") == content.count(b"\r\n")
    again = read_set_up(asked.erased)
    assert (again.network, again.mail_password, again.erased) == (None, "", asked.erased)


def test_the_configuration_passes_over_what_is_the_boxs_before_and_after(tmp_path) -> None:
    file = tmp_path / "hand-dance.toml"
    for content in (FILE.encode(), read_set_up(FILE.encode()).erased):
        file.write_bytes(content)
        assert load_config({}, {}, (file,)).mail.recipient == "teacher@example.org"
    file.write_text('[wifi]\nssid = "home"\n')
    assert load_config({}, {}, (file,)) == Config()


def test_a_new_password_written_below_the_erased_one_counts() -> None:
    erased = read_set_up(FILE.encode()).erased
    anew = read_set_up(erased.replace(b'ssid = "home"', b'ssid = "home"\npassword = "new-secret"'))
    assert anew.network == Network("home", "new-secret")
    assert b"secret" not in anew.erased


def test_an_open_network_needs_no_password() -> None:
    asked = read_set_up(b'[wifi]\nssid = "guests"\n')
    assert asked.network == Network("guests")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[wifi]\nssid = "home"\npassword = "short"\n', "allowed are 8 to 63"),
        ('[wifi]\nssid = "home"\npasword = "wifi-secret"\n', "unknown key 'pasword'"),
        ('[wifi]\nssid = 5\npassword = "wifi-secret"\n', "allowed is text in quotes"),
        ("wifi = 1\n", "write .wifi. and ssid"),
        ("[mail]\npassword = 5\n", "not one line of text"),
    ],
)
def test_what_cannot_be_followed_is_told_and_stays(text: str, says: str) -> None:
    asked = read_set_up(text.encode())
    (complaint,) = asked.complaints
    assert says.replace(".wifi.", "[wifi]") in complaint
    assert "secret" not in complaint
    assert asked.erased == text.encode()


def test_a_wrong_network_does_not_keep_the_mail_password_on_the_card() -> None:
    asked = read_set_up(FILE.replace("wifi-secret", "short").encode())
    assert asked.mail_password == "mail-secret"  # noqa: S105 - of nobody
    assert b"mail-secret" not in asked.erased
    assert b"short" in asked.erased


def test_a_password_that_cannot_be_erased_alone_is_told() -> None:
    asked = read_set_up(b'wifi = { ssid = "home", password = "wifi-secret" }\n')
    assert asked.network == Network("home", "wifi-secret")
    assert "on a line of its own" in asked.complaints[0]


def test_a_dotted_key_is_erased_too() -> None:
    asked = read_set_up(b'mail.password = "mail-secret"\nmail.host = "x"\n')
    assert b"secret" not in asked.erased
    assert b'mail.host = "x"' in asked.erased


@pytest.mark.parametrize("content", [FILE.encode()[:50], b"\xff\xfe[\0", b"[wifi", b'[wifi]\nssid = "ho'])
def test_a_file_that_was_cut_in_half_or_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(SetupError, match=r"write it again|save it as UTF-8") as refused:
        read_set_up(content)
    assert "secret" not in str(refused.value)


@given(st.integers(0, len(FILE)))
def test_wherever_it_is_cut_nothing_is_half_followed(at: int) -> None:
    try:
        asked = read_set_up(FILE.encode()[:at])
    except SetupError:
        return
    assert asked.network in (None, Network("home", "wifi-secret"), Network("home"))
    assert asked.mail_password in ("", "mail-secret")
    assert b"secret" not in asked.erased or asked.network in (None, Network("home"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        assert len(read_set_up(b"[wifi]\n" + content).erased) == len(content) + 7
    except SetupError:
        return
