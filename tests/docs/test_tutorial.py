"""Each line of the tutorial is run as it is written, and says what is written under it.

But for the line that builds an image, for which a registry is asked; `tests/cli/test_build.py` has
one here.
"""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import eventually
from tests.cli.project import Project

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONCE = {"new", "up", "emit", "replay", "scale", "down"}
"""Commands that do something; the others are asked until they say what they should."""
VARYING = re.compile(r"[\d.,:]+(?:Z|ms)?|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+/\d+|[0-9a-f]{24}")
_FOLDER = "/home/ada/shop"


def steps():
    """Each command, and the lines under it."""
    for block in BLOCK.findall(PAGE.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            if not command.startswith("wherry build "):
                yield command, [line for line in lines if line]


class Shell:
    """Carries out the commands, with what varies as it is here."""

    def __init__(self, project):
        self._project = project
        self._here = {}
        self.said = ""

    def run(self, command, expected):
        words = [self._here.get(word, word) for word in shlex.split(command)]
        if words[0] == "sed":
            subprocess.run(words, cwd=self._project.folder, check=True)
        elif words[1] == "up":
            done = self._project.up("--port", "0")
            assert done.code == 0, done.err
        elif ONCE & set(words[1:3]):
            assert self._says(words, expected)
        else:
            self._wait_for(words, expected)

    def _wait_for(self, words, expected):
        try:
            eventually(lambda: self._says(words, expected))
        except AssertionError:
            pytest.fail(f"$ {' '.join(words)}\n{self.said}\nand not\n" + "\n".join(expected))

    def _says(self, words, expected):
        done = self._project(*words[1:])
        self.said = f"{done.out}\n{done.err}"
        said = iter(self.said.splitlines())
        folder = str(self._project.folder)
        for line in expected:
            wanted = line.split()
            for other in said:
                found = other.replace(folder, _FOLDER).split()
                if constant(found) == constant(wanted):
                    self._here[wanted[0]] = found[0]
                    break
            else:
                return False
        return done.code == 0


def constant(words):
    """What of a line is the same wherever it is said."""
    return [re.sub(r":\d+/", "/", word) for word in words if not VARYING.fullmatch(word)]


@pytest.mark.timeout(240)
def test_the_tutorial(tmp_path):
    project = Project(tmp_path)
    shell = Shell(project)
    try:
        for command, expected in steps():
            shell.run(command, expected)
    finally:
        project("down")
