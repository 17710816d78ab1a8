"""Letters read by another implementation of MIME, Perl's MIME::Parser: the same headers, parts, names and bytes."""

import email
import email.policy
import hashlib
import json
import shutil
import subprocess

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import LANGUAGES
from firmware_py.post.letter import compose
from tests.unit.post.conftest import make_session, queued  # noqa: F401 - the fixture

READ = r"""
use strict; use warnings; use MIME::Parser; use MIME::WordDecoder; use Digest::SHA qw(sha256_hex); use JSON::PP;
my $parser = MIME::Parser->new; $parser->output_to_core(1); $parser->ignore_errors(0); $parser->decode_bodies(1);
sub part { my $entity = shift;
    my $body = $entity->bodyhandle;
    my $kind = $entity->effective_type;
    return { kind => $kind, name => scalar($entity->head->recommended_filename),
             id => scalar($entity->head->get('Content-ID')),
             hash => $body ? sha256_hex($body->as_string) : undef,
             parts => [map { part($_) } $entity->parts] };
}
my @letters;
for my $path (@ARGV) {
    my $entity = $parser->parse_open($path);
    my %head;
    for my $tag ($entity->head->tags) {
        my @values = $entity->head->get($tag);
        chomp @values;
        $head{$tag} = [map { mime_to_perl_string($_) } @values];
    }
    my @said = ($parser->results->errors, $parser->results->warnings);
    push @letters, { head => \%head, tree => part($entity), warnings => \@said };
}
print JSON::PP->new->ascii->canonical->allow_nonref->encode(\@letters);
"""
READABLE = (
    shutil.which("perl") and not subprocess.run(["perl", "-MMIME::Parser", "-e1"], capture_output=True).returncode
)
pytestmark = pytest.mark.skipif(not READABLE, reason="not installed: libmime-tools-perl")

NAMES = (
    ("Ana", "Ode to Joy"),
    ("Åse Ñandú", "Für Elise – eine Überraschung, die länger ist als eine Zeile im Kopf eines Briefs"),
    ("x\r\nBcc: all@example.org", '"; filename="x'),
    ("=?utf-8?q?=0d=0aBcc:?=", "日本の歌 " * 8),
    ("--=_letter", "<b>&amp;</b>"),
    ("𝄞" * 60, ",;:<>@()"),
)


def _shape(message):
    content = None if message.is_multipart() else message.get_payload(decode=True)
    if content is not None and message.get_content_maintype() == "text":
        content = content.replace(b"\r\n", b"\n")  # line ends of text are each system's own
    return {
        "kind": message.get_content_type(),
        "hash": None if content is None else hashlib.sha256(content).hexdigest(),
        "parts": [_shape(part) for part in message.iter_parts()] if message.is_multipart() else [],
    }


def _without(tree, *keys):
    return {
        key: ([_without(one, *keys) for one in value] if key == "parts" else value)
        for key, value in tree.items()
        if key not in keys
    }


def _leaves(tree):
    return [leaf for part in tree["parts"] for leaf in _leaves(part)] if tree["parts"] else [tree]


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_parser_finds_the_same_letter(make_session, tmp_path, language):  # noqa: F811
    folder = SessionFolder(make_session(seconds=0.05))
    entry = queued(folder.path)
    paths = []
    for number, (player, title) in enumerate(NAMES):
        folder.update(player=player, language=language)
        report = {"song": {"title": title}, "marks": {"total": 50}, "notes": [{}], "advice": [title]}
        folder.write_whole(SessionFolder.REPORT, json.dumps(report).encode())
        path = tmp_path / f"{number}.eml"
        path.write_bytes(b"".join(compose(entry, "box@example.org", tmp_path, copy_to="owner@example.org").chunks()))
        paths.append(path)
    done = subprocess.run(["perl", "-e", READ, *map(str, paths)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for path, theirs in zip(paths, json.loads(done.stdout), strict=True):
        ours = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP.clone(raise_on_defect=True))
        assert theirs["warnings"] == []
        assert sorted(map(str.lower, theirs["head"])) == sorted(key.lower() for key in ours)
        for key, (value,) in theirs["head"].items():
            if key != "Content-Type":
                # Without blanks: Python leaves those between two encoded words of a name in (RFC 2047, 6.2).
                assert "".join(value.split()) == "".join(str(ours[key]).split())
        assert _without(theirs["tree"], "name", "id") == _shape(ours)
        names = [leaf["name"] for leaf in _leaves(theirs["tree"])]
        assert names == [part.get_filename() for part in ours.walk() if not part.is_multipart()]
