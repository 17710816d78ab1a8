"""Whom a code names: one test a kind of code, and what holds of every text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.errors import MailRefusedError
from firmware_py.post.address import checked
from firmware_py.post.contact_codes import LONGEST, Contact, contact_in

ANA = Contact("ana@example.org")
NAMED = Contact("ana@example.org", "Ana López")


@pytest.mark.parametrize(
    "text",
    [
        "ana@example.org",
        "  ana@example.org\n",
        "<ana@example.org>",
        "mailto:ana@example.org",
        "MAILTO:ana@example.org",
        "mailto:ana%40example.org",
        "mailto:ana@example.org?subject=Hi&body=x%0D%0ABcc:%20all@example.org&bcc=all@example.org",
        "mailto:?to=ana@example.org&subject=Hi",
        "MATMSG:TO:ana@example.org;SUB:Hello;BODY:You;;",
        "MATMSG:SUB:to;TO: ana@example.org ;;",
        "matmsg:to:ana@example.org;;",
        "SMTP:ana@example.org:Hello:You",
        "MECARD:EMAIL:ana@example.org;;",
        "BEGIN:VCARD\nVERSION:3.0\nEMAIL:ana@example.org\nEND:VCARD",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:mailto:ana@example.org\r\nEND:VCARD\r\n",
    ],
)
def test_an_address_alone_is_read_from_every_kind_of_code(text):
    assert contact_in(text) == ANA


@pytest.mark.parametrize(
    "text",
    [
        "Ana López <ana@example.org>",
        '"Ana López" <ana@example.org>',
        "mailto:Ana%20L%C3%B3pez%20%3Cana@example.org%3E",
        "MECARD:N:López,Ana;TEL:+34600;EMAIL:ana@example.org;NOTE:a\\;b;;",
        "BIZCARD:N:Ana;X:López;T:CEO;E:ana@example.org;;",
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:L=C3=B3pez;Ana;;;\n"
        "EMAIL;INTERNET;HOME:ana@example.org\nEND:VCARD",
        "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Ana L=\n=F3pez\n"
        "EMAIL;WORK:old@example.org\nEMAIL;PREF;INTERNET:ana@example.org\nEND:VCARD",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:López;Ana;;;\r\nFN:Ana Ló\r\n pez\r\n"
        "EMAIL;TYPE=INTERNET:b@example.org\r\nitem1.EMAIL;TYPE=INTERNET,pref:ana@exam\r\n ple.org\r\nEND:VCARD",
        "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE:Ana=\n L=C3=B3pez\nEMAIL:ana@example.org\nEND:VCARD",
        'begin:vcard\nversion:4.0\nfn:Ana López\nemail;pref=50:c@example.org\nemail;type="home,work";pref=1:'
        "ana@example.org\nend:vcard",
    ],
)
def test_a_card_gives_the_address_it_prefers_and_a_name(text):
    assert contact_in(text) == NAMED


def test_a_card_with_several_addresses_and_no_preference_gives_the_first():
    assert contact_in("MECARD:EMAIL:ana@example.org;EMAIL:b@example.org;;") == ANA
    assert contact_in("BEGIN:VCARD\nEMAIL:ana@example.org\nEMAIL:b@example.org\nEND:VCARD") == ANA
    assert contact_in("BEGIN:VCARD\nEMAIL:ana@example.org\nEMAIL:a@example.org\nEND:VCARD") == ANA


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "WIFI:T:WPA;S:home;P:p@ss;;",
        "https://user@example.org/x",
        "tel:+34600",
        "meet me @ six",
        "write to ana@example.org please",
        "BEGIN:VCARD\nFN:Ana\nTEL:1\nEND:VCARD",
        "MECARD:N:Ana;;",
        "geo:40.4,-3.7",
        "a@b" * LONGEST,
    ],
)
def test_what_is_about_something_else_is_left_to_others(text):
    assert contact_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "mailto:",
        "mailto:ana",
        "mailto:a@example.org,b@example.org",
        "mailto:a@example.org?to=b@example.org",
        "mailto:ana@example.org%0d%0aBcc:b@example.org",
        "a@example.org, b@example.org",
        "a@example.org b@example.org",
        "a@example.org;b@example.org",
        "ana@example.org\nBcc: b@example.org",
        "MATMSG:TO:;SUB:x;;",
        "MATMSG:TO:a@example.org;TO:b@example.org;;",
        "MATMSG:TO:a@example.org,b@example.org;;",
        "MECARD:EMAIL:not one;;",
        "BEGIN:VCARD\nEMAIL:ana@exa mple.org\nEND:VCARD",
        "Ana <ana>@example.org",
        "x" * 500 + "@example.org",
        "ana@" + "x" * 500,
    ],
)
def test_an_address_that_no_letter_can_go_to_is_refused_in_a_sentence(text):
    with pytest.raises(MailRefusedError, match=r"give one") as refused:
        contact_in(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


PIECES = st.sampled_from(
    [
        *("mailto:", "MATMSG:", "TO:", "MECARD:", "EMAIL:", "EMAIL;", "N:", "FN:", "BEGIN:VCARD\n", "END:VCARD"),
        *("ENCODING=QUOTED-PRINTABLE", "CHARSET=", "utf-16", "PREF=", "TYPE=pref", "%0a", "%", "=", "=\n", "\\", ";"),
        *("a@example.org", "@", "ü.example", ":", ",", "\n", "\r\n ", "\n\t", "<", ">", '"', "?to=", "&", "item1."),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join))
def test_any_text_is_one_good_address_or_one_sentence_or_nothing(text):
    try:
        contact = contact_in(text)
    except MailRefusedError as refused:
        sentence = str(refused)
        contact = None
        assert len(sentence.splitlines()) == 1
    if contact:
        assert checked(contact.address) == contact.address
        assert len(contact.name.splitlines()) <= 1
