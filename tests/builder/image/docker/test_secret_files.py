"""Secrets of this machine, laid out as platforms mount them."""

import os

import pytest

from wherry_build.errors import ProjectError
from wherry_build.image.docker.secret_files import read_secrets, write_secrets


def test_a_file_is_a_secret_and_a_folder_has_a_file_for_each_key(write):
    root = write(
        {
            ".secrets/api-key": "one",
            ".secrets/database/user": "me",
            ".secrets/database/password": b"\x00\xff",
            ".secrets/database/..data": "kubernetes's own",
            ".secrets/other": "not asked for",
        }
    )
    assert read_secrets(["api-key", "database"], root=root) == {
        "api-key": b"one",
        "password": b"\x00\xff",
        "user": b"me",
    }


def test_folders_that_are_named_come_first(write):
    root = write({".secrets/a": "below", "first/a": "first", "second/a": "second"})
    search = f"{root}/none:{root}/first:{root}/second"
    assert read_secrets(["a"], root=root, search=search) == {"a": b"first"}


def test_a_secret_that_is_nowhere_says_how_to_make_it(tmp_path):
    with pytest.raises(ProjectError, match="secret 'api-key': no such file") as caught:
        read_secrets(["api-key"], root=tmp_path)
    assert caught.value.hint == f"printf %s VALUE > {tmp_path}/.secrets/api-key"


def test_two_secrets_with_one_key(write):
    root = write({".secrets/a/key": "1", ".secrets/b/key": "2"})
    with pytest.raises(ProjectError, match="another 'key' already"):
        read_secrets(["a", "b"], root=root)


def test_a_secret_that_is_too_large(write):
    root = write({".secrets/a": b"x" * ((1 << 20) + 1)})
    with pytest.raises(ProjectError, match="over 1048576 bytes"):
        read_secrets(["a"], root=root)


def test_any_user_of_a_container_can_read_them(tmp_path):
    before = os.umask(0o077)
    try:
        folder = tmp_path / "secrets"
        folder.mkdir()
        write_secrets({"a": b"1"}, folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "a").stat().st_mode & 0o777 == 0o444
    assert (folder / "a").read_bytes() == b"1"
