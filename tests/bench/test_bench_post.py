"""The post's targets, measured: run by hand, never part of the unit tests."""

import pytest

from firmware_py.bench import post

pytestmark = pytest.mark.timeout(600)


def test_many_letters_take_no_more_memory_than_few_and_less_work_than_bare_smtplib():
    found = post.measure(60)
    assert found.mailer.peak_mb <= found.most_mb
    assert found.grown_mb < 5
    assert found.cpu_ratio < 1
