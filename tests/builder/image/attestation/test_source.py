"""The commit of a folder, as git itself says it."""

import shutil
import subprocess

import pytest

from wherry_build.image.attestation.source import commit_of, remote_address


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://user:secret@example.com/acme/shop.git", "https://example.com/acme/shop.git"),
        ("git@example.com:acme/shop.git", "https://example.com/acme/shop.git"),
        ("example.com:acme/shop.git", "https://example.com/acme/shop.git"),
        ("ssh://git@example.com/acme/shop.git", ""),
        ("/home/me/shop", ""),
        ("file:///home/me/shop", ""),
        ("", ""),
    ],
)
def test_an_address_without_credentials(remote, expected):
    assert remote_address(remote) == expected


def test_a_folder_without_git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_and_what_was_changed_since(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def git(*arguments):
        said = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        done = subprocess.run([*said, *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    git("init", "-q")
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello/handler.py").write_text("")
    (tmp_path / "other").write_text("")
    git("add", ".")
    git("commit", "-qm", "a")
    git("remote", "add", "origin", "https://me:token@example.com/shop.git")
    found = commit_of(tmp_path / "hello")
    assert found.digest == git("rev-parse", "HEAD").strip()
    assert (found.is_changed, found.remote) == (False, "https://example.com/shop.git")
    (tmp_path / "other").write_text("changed, and not in the image")
    assert not commit_of(tmp_path / "hello").is_changed
    (tmp_path / "hello/new.py").write_text("")
    assert commit_of(tmp_path / "hello").is_changed
