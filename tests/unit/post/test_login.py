import base64
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from firmware_py.post import oauth
from firmware_py.post.transports import ServerDownError, ServerRefusedError
from tests.unit.post.test_smtp import send

FRESH = "ya29.not-a-real-one"
REFRESH = "1//refresh-not-a-real-one"


@pytest.fixture
def token_file(password_file):
    password_file.write_text(FRESH + "\n")
    return password_file


@pytest.fixture
def by_token(server, mail, token_file):
    server.extensions = ["AUTH PLAIN LOGIN XOAUTH2"]
    server.bearer = FRESH
    return replace(mail, login="xoauth2")


def test_a_token_is_said_as_google_and_microsoft_want_it(server, by_token, letter):
    send(by_token, letter)
    (line,) = server.logins
    said = base64.b64decode(line.removeprefix("AUTH XOAUTH2 "))
    assert said == f"user=box\x01auth=Bearer {FRESH}\x01\x01".encode()
    assert len(server.taken) == 1


def test_a_refused_token_is_told_after_an_empty_line_and_needs_a_person(server, by_token, letter):
    server.bearer = "another"
    with pytest.raises(ServerRefusedError, match=r"did not take the login \(535") as raised:
        send(by_token, letter)
    assert FRESH not in str(raised.value)
    assert "" in server.lines


def test_login_is_used_where_plain_is_not_offered(server, mail, letter):
    server.extensions = ["AUTH LOGIN"]
    send(mail, letter)
    assert len(server.taken) == 1
    assert server.logins == ["AUTH LOGIN"]


def test_a_mechanism_that_is_set_is_not_swapped_for_another(server, mail, letter):
    with pytest.raises(ServerRefusedError, match=r"no login known here .XOAUTH2; it has: PLAIN LOGIN"):
        send(replace(mail, login="xoauth2"), letter)
    send(replace(mail, login="login"), letter)
    assert server.logins == ["AUTH LOGIN"]


class TokenServer:
    """Gives out tokens over TLS, or an error."""

    def __init__(self, context):
        self.status = 200
        self.answer = {"access_token": FRESH}
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(json.dumps(outer.answer).encode())

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def provider(server):
    running = TokenServer(server.context)
    yield running
    running.stop()


@pytest.fixture
def refreshing(provider, by_token, token_file):
    known = {"token_url": provider.url, "client_id": "box", "client_secret": "hush", "refresh_token": REFRESH}
    token_file.write_text(json.dumps(known, indent=1))
    return by_token


def test_a_fresh_token_is_fetched_for_the_login(server, provider, refreshing, letter):
    send(refreshing, letter)
    assert len(server.taken) == 1
    assert "grant_type=refresh_token" in provider.asked[0]
    assert "client_secret=hush" in provider.asked[0]


def test_a_renewed_refresh_token_is_kept_for_the_next_time(provider, refreshing, letter, token_file):
    provider.answer |= {"refresh_token": "newer"}
    send(refreshing, letter)
    assert '"refresh_token": "newer"' in token_file.read_text()
    assert token_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("status", "answer", "wanted", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": REFRESH}, ServerRefusedError, "400 invalid_grant"),
        (401, ["odd"], ServerRefusedError, "allow the box anew"),
        (503, {}, ServerDownError, "no token just now"),
        (429, {}, ServerDownError, "no token just now"),
        (200, {}, ServerDownError, "answered without a token"),
        (200, ["odd"], ServerDownError, "answered without a token"),
        (200, {"access_token": "a\x01b"}, ServerDownError, "answered without a token"),
    ],
)
def test_a_provider_that_gives_no_token_is_told_apart(provider, refreshing, letter, status, answer, wanted, words):
    provider.status, provider.answer = status, answer
    with pytest.raises(wanted, match=words) as raised:
        send(refreshing, letter)
    assert REFRESH not in str(raised.value)


def test_a_provider_that_cannot_be_reached_waits(provider, refreshing, letter):
    provider.stop()
    with pytest.raises(ServerDownError, match="no token could be fetched from localhost"):
        send(refreshing, letter)


@pytest.mark.parametrize("text", ["{", "{}", '{"token_url": "http://x/", "client_id": "a", "refresh_token": "b"}'])
def test_a_secret_that_is_incomplete_or_would_go_unencrypted_is_refused(server, by_token, letter, token_file, text):
    token_file.write_text(text)
    with pytest.raises(ServerRefusedError, match="needs token_url, client_id, refresh_token"):
        send(by_token, letter)
    assert oauth.LIMIT_S <= 60
