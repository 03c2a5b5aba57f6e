"""The build context: the same bytes for the same files, and nothing that should stay home."""

import io
import os
import socket
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import ContextTooLarge, UnsafePath
from wherry_build.image import context
from wherry_build.image.context import Entry, collect, pack
from wherry_build.image.ignore import NEVER_WANTED, IgnoreRules

CANARY = "canary-7f3a9"
SECRETS = (
    *(".env", ".env.local", "prod.env", ".envrc", ".netrc", ".pypirc", "pip.conf", ".npmrc"),
    *(".git/config", ".git/HEAD", "sub/.git/config", ".hg/store", ".svn/entries"),
    *("id_rsa", "id_rsa.pub", "id_ed25519", "keys/id_ecdsa", "server.pem", "sub/tls.key", "a.p12"),
    *(".wherry/basic-auth-password", ".wherry/secrets/openfaas-fn/key"),
    *(".secrets/token", ".ssh/config", ".aws/credentials", ".kube/config", ".docker/config.json"),
    *(".venv/lib/x.py", "venv/x.py", "node_modules/x/index.js", "__pycache__/handler.pyc"),
    *("credentials.json", ".git-credentials", ".htpasswd", "sub/deep/.env", ".DS_Store"),
)


def paths(entries):
    return [entry.path for entry in entries]


def test_no_seeded_secret_enters_a_context(write):
    root = write(
        {"handler.py": "def handle(request): ...", "data/words.txt": "fine"}
        | {path: f"{CANARY} {path}" for path in SECRETS}
    )
    packed = pack(collect(root))
    assert CANARY.encode() not in packed
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = [member.name for member in archive.getmembers() if member.isfile()]
    assert files == ["function/data/words.txt", "function/handler.py"]


def test_a_link_to_a_secret_carries_no_secret(write):
    root = write({"handler.py": "", ".env": CANARY})
    (root / "config").symlink_to(".env")
    assert CANARY.encode() not in pack(collect(root))


def test_the_ignore_files_are_asked(write):
    root = write(
        {
            ".gitignore": "*.log\n!.env\n/out/\n",
            ".dockerignore": "# notes\nnotes/**\n!ca.pem\n",
            "handler.py": "",
            "a.log": "",
            "sub/b.log": "",
            ".env": CANARY,
            "out/x": "",
            "sub/out/x": "",
            "notes/deep/n.md": "",
            "ca.pem": "public",
        }
    )
    found = paths(collect(root))
    assert found == ["function/ca.pem", "function/handler.py", "function/sub/out/x"]


def test_folders_have_ignore_files_of_their_own_as_in_git(write):
    root = write(
        {
            ".gitignore": "*.log\n",
            "sub/.gitignore": "/cache\n*.tmp\n!keep.log\n",
            "sub/cache/x": "",
            "sub/deep/cache/x": "",
            "sub/deep/a.tmp": "",
            "sub/keep.log": "",
            "sub/other.log": "",
            "cache/x": "",
            "a.tmp": "",
            "handler.py": "",
        }
    )
    assert paths(collect(root)) == [
        "function/a.tmp",
        "function/cache/x",
        "function/handler.py",
        "function/sub/deep/cache/x",
        "function/sub/keep.log",
    ]


def test_only_the_dockerignore_of_the_function_takes_secrets_back(write):
    root = write(
        {
            "handler.py": "",
            "vendored/.dockerignore": "!.env\n",
            "vendored/.gitignore": "!.env\n",
            "vendored/.env": CANARY,
        }
    )
    assert paths(collect(root)) == ["function/handler.py"]


@pytest.mark.parametrize(
    ("dockerignore", "found"),
    [
        ("*\n!handler.py\n", ["handler.py"]),
        ("*\n!handler.py\n!lib/**\n", ["handler.py", "lib/a.py", "lib/deep/b.txt"]),
        ("*\n!lib/deep/b.txt\n", ["lib/deep/b.txt"]),
        ("lib\n!lib/a.py\n", ["handler.py", "lib/a.py"]),
        ("*\n!.git/config\n", [".git/config"]),
        ("*\n!lib\n", ["lib/a.py", "lib/deep/b.txt"]),
        ("*\n!lib/\n", ["lib/a.py", "lib/deep/b.txt"]),
        ("*\n!lib\nlib/deep\n", ["lib/a.py"]),
        ("*\n!lib\n!lib/**\n!*\n", ["handler.py", "lib/a.py", "lib/deep/b.txt"]),
        ("**\n!lib/.env\n", ["lib/.env"]),
        ("lib\nhandler.py/\n!**/.env\n", []),
        ("!.git\nhandler.py\nlib\n", [".git/HEAD", ".git/config"]),
    ],
)
def test_what_is_taken_back_out_of_a_folder_that_stays_out(write, dockerignore, found):
    root = write(
        {
            ".dockerignore": dockerignore,
            "handler.py": "",
            "lib/a.py": "",
            "lib/deep/b.txt": "",
            "lib/.env": CANARY,
            "lib/__pycache__/a.pyc": "",
            ".git/config": "",
            ".git/HEAD": "",
        }
    )
    assert paths(collect(root)) == [f"function/{path}" for path in found]


@pytest.mark.parametrize("name", ["SERVER.PEM", "Id_Rsa", ".ENV", "Credentials.json"])
def test_secrets_stay_out_however_they_are_written(write, name):
    assert paths(collect(write({"handler.py": "", name: CANARY}))) == ["function/handler.py"]


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\nMIIE\n",
        "-----BEGIN RSA PRIVATE KEY-----\r\nMIIE\r\n",
        "Certificate and key\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
        '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE\\n"}',
        "key: |\n  -----BEGIN EC PRIVATE KEY-----\n  MIIE\n",
        "KEY='-----BEGIN ENCRYPTED PRIVATE KEY-----\\r\\nMIIE'",
        f"{'x' * 100_000}\n-----BEGIN PRIVATE KEY-----\nMIIE\n",
    ],
)
def test_a_private_key_by_any_name_is_refused(write, text):
    root = write({"handler.py": "", "notes.txt": text})
    with pytest.raises(UnsafePath, match=r"notes\.txt: it holds a private key") as caught:
        collect(root)
    assert "!notes.txt" in caught.value.hint
    assert "MIIE" not in str(caught.value)
    write({".dockerignore": "!notes.txt\n"})
    assert paths(collect(root)) == ["function/handler.py", "function/notes.txt"]
    write({".dockerignore": "notes.txt\n"})
    assert paths(collect(root)) == ["function/handler.py"]


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN CERTIFICATE-----\n", "BEGIN = '-----BEGIN PRIVATE KEY-----'\n", "PRIVATE KEY"],
)
def test_what_only_speaks_of_keys_is_taken(write, text):
    assert len(collect(write({"handler.py": text}))) == 1


def test_the_same_files_are_the_same_bytes(write, tmp_path):
    files = {"handler.py": "x", "b/c.txt": "y", "a/z": "z", "é/ü": "u"}
    write({f"one/{path}": text for path, text in files.items()})
    write({f"two/{path}": text for path, text in reversed(files.items())})
    for path in (tmp_path / "two").rglob("*"):
        os.utime(path, (1, 1))
    os.chmod(tmp_path / "two/handler.py", 0o600)
    os.chmod(tmp_path / "two/b", 0o700)
    assert pack(collect(tmp_path / "one")) == pack(collect(tmp_path / "two"))


def test_entries_are_owned_by_nobody_in_particular(write):
    root = write({"handler.py": "", "run.sh": "#!/bin/sh\n"})
    (root / "run.sh").chmod(0o4711)
    with tarfile.open(fileobj=io.BytesIO(pack(collect(root)))) as archive:
        members = {member.name: member for member in archive.getmembers()}
    assert list(members) == sorted(members)
    for member in members.values():
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mtime == 0
    assert members["function/run.sh"].mode == 0o755
    assert members["function/handler.py"].mode == 0o644
    assert members["function"].mode == 0o755


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd", "sub/../../outside", "/"])
def test_links_out_of_the_folder_are_refused(write, target):
    root = write({"outside": CANARY, "f/handler.py": "", "f/sub/x": ""}) / "f"
    (root / "link").symlink_to(target)
    with pytest.raises(UnsafePath, match="a link out of the folder"):
        collect(root)


def test_a_link_out_by_way_of_another_link_is_refused(write):
    root = write({"outside/x": CANARY, "f/handler.py": ""}) / "f"
    (root / ".env").symlink_to("../outside")  # ignored, and still no way round
    (root / "link").symlink_to(".env/x")
    with pytest.raises(UnsafePath):
        collect(root)


def test_links_inside_stay_links(write):
    root = write({"handler.py": "", "data/a.txt": "a"})
    (root / "absolute").symlink_to(root / "data/a.txt")
    (root / "data/up").symlink_to("../handler.py")
    (root / "folder").symlink_to("data")
    links = {entry.path: entry.link for entry in collect(root) if entry.link}
    assert links == {
        "function/absolute": "data/a.txt",
        "function/data/up": "../handler.py",
        "function/folder": "data",
    }


def test_pipes_and_sockets_are_refused(write):
    root = write({"a/handler.py": "", "b/handler.py": ""})
    os.mkfifo(root / "a/pipe")
    with pytest.raises(UnsafePath, match="no regular file"):
        collect(root / "a")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "b/s"))
        with pytest.raises(UnsafePath, match="no regular file"):
            collect(root / "b")


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\\b", "\x7f", "a\u202eb"])
def test_names_that_cannot_be_shown_are_refused(tmp_path, name):
    (tmp_path / name).write_text("")
    with pytest.raises(UnsafePath, match="cannot be shown") as caught:
        collect(tmp_path)
    assert name not in str(caught.value)


def test_names_that_are_no_text_are_refused(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("")
    with pytest.raises(UnsafePath):
        collect(tmp_path)


def test_names_that_differ_only_in_case_are_refused(write):
    with pytest.raises(UnsafePath, match="only in case"):
        collect(write({"data.txt": "", "Data.txt": ""}))


def test_names_that_differ_only_in_how_their_letters_are_written_are_refused(write):
    with pytest.raises(UnsafePath, match="how its letters are written"):
        collect(write({"caf\u00e9.txt": "", "cafe\u0301.txt": ""}))


def test_folders_in_folders_without_end_are_refused(write, monkeypatch):
    monkeypatch.setattr(context, "LIMIT_DEPTH", 3)
    assert len(collect(write({"a/b/c/d": ""}))) == 1
    with pytest.raises(UnsafePath, match="over 3 deep"):
        collect(write({"a/b/c/d2/e/f": ""}))


def test_a_long_file_of_nothing_is_not_read(write):
    root = write({"handler.py": ""})
    with (root / "zeros").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ContextTooLarge, match="bytes"):
        collect(root)


def test_an_ignore_file_that_is_a_pipe_or_a_link_is_none(write):
    root = write({"one/handler.py": "", "two/handler.py": "", "outside": "handler.py\n"})
    os.mkfifo(root / "one/.gitignore")
    (root / "two/.dockerignore").symlink_to("../outside")
    assert paths(collect(root / "one")) == ["function/handler.py"]
    assert paths(collect(root / "two")) == ["function/handler.py"]


def test_a_folder_that_became_a_link_is_not_gone_through(write, monkeypatch):
    root = write({"f/handler.py": "", "f/sub/x": "", "outside/x": CANARY}) / "f"
    looked = IgnoreRules.standing

    def swap(self, path, **options):
        if path == "sub" and not (root / "sub").is_symlink():
            (root / "sub").rename(root / "was")
            (root / "sub").symlink_to("../outside")
        return looked(self, path, **options)

    monkeypatch.setattr(IgnoreRules, "standing", swap)
    with pytest.raises(UnsafePath):
        collect(root)


def test_a_link_to_itself_or_round_in_a_circle(write):
    root = write({"handler.py": ""})
    (root / "again").symlink_to(".")
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert {entry.path for entry in collect(root)} >= {"function/again", "function/handler.py"}


def test_the_folder_may_be_given_by_a_link(write):
    root = write({"real/handler.py": "", "real/sub/x": ""})
    (root / "link").symlink_to("real")
    assert collect(root / "link") == collect(root / "real")


def test_limits(write, monkeypatch):
    root = write({"a": "12345", "b": "12345"})
    monkeypatch.setattr(context, "LIMIT_BYTES", 9)
    with pytest.raises(ContextTooLarge, match="9 bytes"):
        collect(root)
    monkeypatch.setattr(context, "LIMIT_BYTES", 10)
    assert len(collect(root)) == 2
    monkeypatch.setattr(context, "LIMIT_FILES", 1)
    with pytest.raises(ContextTooLarge, match="1 files"):
        collect(root)


def test_two_entries_of_one_path_are_refused():
    with pytest.raises(UnsafePath, match="two of it"):
        pack([Entry(path="a"), Entry(path="a")])


@pytest.mark.parametrize(
    ("gitignore", "dockerignore", "path", "ignored"),
    [
        ("*.md", "", "a/b.md", True),
        ("", "*.md", "a/b.md", False),
        ("", "**/*.md", "a/b.md", True),
        ("", "**/*.md", "b.md", True),
        ("/b.md", "", "a/b.md", False),
        ("a/*.md", "", "a/b.md", True),
        ("a/*.md", "", "a/c/b.md", False),
        ("a/**", "", "a/c/b.md", True),
        ("[ab].md", "", "b.md", True),
        ("[!ab].md", "", "b.md", False),
        ("?.md", "", "b.md", True),
        ("?.md", "", "bb.md", False),
        ("*.md\n!b.md", "", "b.md", False),
        ("[z-a].md", "", "b.md", False),
        ("\\#x", "", "#x", True),
        ("\\!x", "", "!x", True),
        ("a\\*", "", "a*", True),
        ("a\\*", "", "ab", False),
        ("a\\ ", "", "a ", True),
        ("[]a]", "", "]", True),
        ("[!]a]", "", "b", True),
        ("[!]a]", "", "]", False),
        ("a**b", "", "axb", True),
        ("a**/b", "", "a/x/b", False),
        ("a/**/b", "", "a/b", True),
        ("a/**/b", "", "a/x/y/b", True),
        ("", "**.md", "a/x/b.md", True),
        ("", "a/**.md", "a/x/y/b.md", True),
        ("**.md", "", "a/b.md", True),
        ("x/**.md", "", "x/a/b.md", False),
        ("a/**", "", "a", False),
        ("**", "", "a/b", True),
        ("*a*b*", "", "xaybz", True),
        ("*a*b", "", "xaybz", False),
        ("a/**/b/**/c", "", "a/x/b/b/y/c", True),
        ("a/**/b/**/c", "", "a/x/y/c", False),
        ("a/**/*b/**/c", "", "a/xb/c", True),
        ("folder/", "", "folder", False),
        ("a.c", "", "abc", False),
        ("!x.pyc", "", "x.pyc", True),
        ("", "!x.pyc", "x.pyc", False),
    ],
)
def test_patterns(gitignore, dockerignore, path, ignored):
    rules = IgnoreRules(gitignore=gitignore, dockerignore=dockerignore)
    assert rules.is_ignored(path, is_folder=False) is ignored


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 255),
        ("?*" * 60 + "b", "a" * 255),
        ("**/a/" * 30 + "b", "a/" * 100 + "c"),
        ("**/" * 50 + "b", "a/" * 100 + "c"),
        ("**/*a*a*/" * 20 + "b", "aaaa/" * 100 + "c"),
        ("*" * 1000 + "b", "a" * 255),
    ],
)
def test_no_pattern_makes_a_path_slow(pattern, path):
    began = time.process_time()
    for rules in (IgnoreRules(gitignore=pattern), IgnoreRules(dockerignore=pattern)):
        assert not rules.is_ignored(path, is_folder=False)
    assert time.process_time() - began < 1, "and not years"


@pytest.mark.parametrize("name", [name for name in NEVER_WANTED if "*" not in name])
def test_what_is_never_wanted_is_not_wanted_anywhere(name):
    rules = IgnoreRules()
    for path in (name, f"deep/er/{name}"):
        assert rules.is_ignored(path, is_folder=True)


@given(st.text(), st.text(min_size=1))
def test_any_pattern_is_read(pattern, path):
    rules = IgnoreRules(gitignore=pattern, dockerignore=pattern)
    assert rules.is_ignored(path, is_folder=True) in {True, False}
