from dataclasses import fields

import pytest

from firmware_py.config import MailSettings
from firmware_py.post.presets import PRESETS, with_preset


def test_without_a_preset_nothing_changes():
    assert with_preset(MailSettings()) == MailSettings()


def test_a_preset_fills_in_server_encryption_and_login():
    mail = with_preset(MailSettings(preset="outlook", user="box@outlook.com"))
    assert (mail.transport, mail.host, mail.port, mail.security, mail.login, mail.user) == (
        "smtp",
        "smtp-mail.outlook.com",
        587,
        "starttls",
        "xoauth2",
        "box@outlook.com",
    )


def test_what_the_configuration_says_counts_for_more():
    mail = with_preset(MailSettings(preset="gmx", host="mail.gmx.com", port=465, security="tls", transport="off"))
    assert (mail.transport, mail.host, mail.port, mail.security) == ("off", "mail.gmx.com", 465, "tls")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_set_and_says_its_limits_and_their_source(name):
    (choices,) = (f.metadata["choices"] for f in fields(MailSettings) if f.name == "preset")
    preset = PRESETS[name]
    assert set(choices) == {"none", *PRESETS}
    assert preset.source
    assert preset.needs
    assert preset.limit_bytes is None or preset.limit_bytes >= 20_000_000
    assert preset.security == "none" or preset.host
