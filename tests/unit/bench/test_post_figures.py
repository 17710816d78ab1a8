import json

from firmware_py.bench import post


def test_a_few_small_letters_give_every_figure_as_plain_json():
    found = json.loads(json.dumps(post.measure(2, megabytes=0.1).as_json()))
    assert (found["letters"], found["letter_mb"]) == (2, 0.1)
    for who in ("mailer", "mailer_with_a_tenth", "smtplib"):
        assert found[who]["cpu_ms"] > 0
        assert 0 < found[who]["began_mb"] <= found[who]["peak_mb"]
    assert found["cpu_ratio"] > 0
