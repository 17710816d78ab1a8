import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import MailRefusedError
from firmware_py.post.address import checked, one_line


@pytest.mark.parametrize(
    ("given_address", "wanted"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  ana@Example.ORG ", "ana@example.org"),
        ("a.b+c@localhost", "a.b+c@localhost"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        ("größe@example.org", "größe@example.org"),
        ("gro\u0308ße@example.org", "größe@example.org"),
        ("संपर्क@example.org", "संपर्क@example.org"),
        ("用户@例え。テスト", "用户@xn--r8jz45g.xn--zckzah"),
        ("ana@例え。テスト", "ana@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_an_address_is_taken_in_one_plain_form(given_address, wanted):
    assert checked(given_address) == wanted


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@example.org\r\nBcc: all@example.org",
        "ana@example.org\n",
        "ana@exa\rmple.org",
        "a@b.org, c@d.org",
        "Ana <ana@example.org>",
        "ana b@example.org",
        "ana@-bad-.org",
        "ana@example..org",
        "ana@" + "x" * 64 + ".org",
        "x" * 65 + "@example.org",
        "x" * 500 + "@example.org",
        "ana@" + ".".join(["abcdefgh"] * 30),
        ".ana@example.org",
        "gr\u202eöße@example.org",
        "größ€@example.org",
        "ä" * 33 + "@example.org",
        "ana@exa mple.org",
        "ana@example.org\0",
        "ana@\u0338b.example",
        "ana@☃ ☃.example",
        "ana@" + "ä" * 70 + ".example",
        "ana@[127.0.0.1]",
    ],
)
def test_anything_but_one_plain_address_is_refused_with_what_to_give(bad):
    with pytest.raises(MailRefusedError, match=r"give one like name@example\.org") as refused:
        checked(bad)
    assert "\n" not in str(refused.value)


def test_several_addresses_are_called_several():
    with pytest.raises(MailRefusedError, match="more than one @"):
        checked("a@b.org,c@d.org")


@given(st.text(alphabet=st.characters(), max_size=300))
def test_no_text_keeps_more_than_one_line(text):
    kept = one_line(text, 100)
    assert len(kept) <= 100
    assert kept.splitlines() in ([], [kept])
    assert kept == kept.strip()
    kept.encode()


def test_surrogates_and_direction_marks_do_not_get_through():
    assert one_line("a\udcffb") == "a�b"
    assert one_line("evil‮gnp.exe\x00") == "evilgnp.exe"
