"""What `.gitignore` files keep out is what git itself says, whatever is in them."""

import random
import shutil
import subprocess

import pytest

from wherry_build.image import ignore
from wherry_build.image.context import collect

pytestmark = pytest.mark.interop

NAMES = ("a", "b", "ab", "a.c", "#x", "!n", "dir", "x y", "d[1]")
PARTS = (
    *("a", "b", "*", "?", "a*", "*.c", "**", "[ab]", "[!a]", "dir", "\\#x", "\\!n", "x y", "ab"),
    *("d[[]1]", "\\a", "a\\*", "**a", "a**b", "[a-z]b", "x\\ y", "[]a]", "[z-a]"),
)


def pattern(chance):
    text = "/".join(chance.choices(PARTS, k=chance.choice((1, 1, 1, 2, 2, 3))))
    text = f"/{text}" if chance.random() < 0.2 else text
    text = f"{text}/" if chance.random() < 0.25 else text
    return f"!{text}" if chance.random() < 0.3 else text


def fill(folder, chance):
    """Files, and ignore files in some of their folders; the text of each."""
    for _ in range(25):
        file = folder.joinpath(*chance.choices(NAMES, k=chance.choice((1, 2, 3, 4))))
        if not file.exists() and not any(above.is_file() for above in file.parents):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
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
    monkeypatch.setattr(ignore, "_OWN", [])
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=60)
    said = fill(tmp_path, random.Random(seed))
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
