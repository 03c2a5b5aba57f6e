"""What ignore files keep out is what git and Docker themselves say, whatever is in them."""

import io
import os
import random
import shutil
import subprocess
import tarfile

import pytest
from tests.interop.conftest import docker

from wherry_build.image import ignore
from wherry_build.image.context import collect

pytestmark = pytest.mark.interop

NAMES = ("a", "b", "ab", "a.c", "#x", "!n", "dir", "x y", "d[1]")
PARTS = (
    *("a", "b", "*", "?", "a*", "*.c", "**", "[ab]", "[!a]", "dir", "\\#x", "\\!n", "x y", "ab"),
    *("d[[]1]", "\\a", "a\\*", "**a", "a**b", "[a-z]b", "x\\ y", "[]a]", "[z-a]"),
)
# Docker has its own mind of `\\` before letters, and of `**` beside them.
DOCKER_PARTS = ("a", "b", "*", "?", "a*", "*.c", "**", "[ab]", "dir", "x y", "ab", "[a-b]*")


def pattern(chance, parts=PARTS):
    text = "/".join(chance.choices(parts, k=chance.choice((1, 1, 1, 2, 2, 3))))
    text = f"/{text}" if chance.random() < 0.2 else text
    text = f"{text}/" if chance.random() < 0.25 else text
    return f"!{text}" if chance.random() < 0.3 else text


def add_files(folder, chance):
    for _ in range(25):
        file = folder.joinpath(*chance.choices(NAMES, k=chance.choice((1, 2, 3, 4))))
        if not file.exists() and not any(above.is_file() for above in file.parents):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")


def add_ignore_files(folder, chance):
    """Ignore files in some of the folders; the text of each."""
    said = {}
    inner = sorted(path for path in folder.rglob("*") if path.is_dir() and ".git" not in path.parts)
    for place in (folder, *chance.sample(inner, k=min(3, len(inner)))):
        text = "".join(f"{pattern(chance)}\n" for _ in range(chance.choice((1, 2, 3, 5))))
        (place / ".gitignore").write_text(text)
        said[str(place.relative_to(folder))] = text
    return said


@pytest.mark.parametrize("seed", range(40))
def test_git_keeps_the_same_files(tmp_path, monkeypatch, seed):
    if shutil.which("git") is None:
        pytest.skip("git not found")
    monkeypatch.setattr(ignore, "_is_never_wanted", lambda _path, *, is_folder: False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=60)
    chance = random.Random(seed)
    add_files(tmp_path, chance)
    said = add_ignore_files(tmp_path, chance)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    theirs = {path for path in listed.stdout.split("\0") if path}
    shutil.rmtree(tmp_path / ".git")
    ours = {entry.path.removeprefix("function/") for entry in collect(tmp_path)}
    assert ours == theirs, said


def in_image(folder, tag):
    """The files that Docker copies from `folder` into an image."""
    docker("build", "--quiet", "--tag", tag, folder)
    container = docker("create", tag, "nothing")
    exported = subprocess.run(
        ["docker", "export", container], capture_output=True, check=True, timeout=60
    )
    docker("rm", container)
    with tarfile.open(fileobj=io.BytesIO(exported.stdout)) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
    return {name.removeprefix("x/") for name in names if name.startswith("x/")}


@pytest.mark.parametrize("seed", range(8))
def test_docker_keeps_the_same_files(tmp_path, monkeypatch, seed):
    if shutil.which("docker") is None:
        pytest.skip("docker not found")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Docker Engine answers")
    monkeypatch.setattr(ignore, "_is_never_wanted", lambda _path, *, is_folder: False)
    chance = random.Random(seed)
    add_files(tmp_path, chance)
    rules = "".join(f"{pattern(chance, DOCKER_PARTS)}\n" for _ in range(chance.choice((2, 3, 5))))
    (tmp_path / ".dockerignore").write_text(rules)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /x/\n")
    own = {".dockerignore", "Dockerfile"}
    ours = {entry.path.removeprefix("function/") for entry in collect(tmp_path)} - own
    tag = f"wherry-interop/ignore-{os.getpid()}-{seed}:test"
    try:
        theirs = in_image(tmp_path, tag) - own
    finally:
        docker("rmi", "--force", tag, check=False)
    assert ours == theirs, rules
