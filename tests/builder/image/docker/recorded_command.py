"""A command line that keeps what it was asked, and answers as it was told to: a script on PATH."""

import json
import os
import stat
import sys
from pathlib import Path

_SCRIPT = """#!{python} -IS
import json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
name = os.path.basename(__file__)
words = sys.argv[1:]
files = {{}}
if "--file" in words:
    for folder, _, found in os.walk("."):
        for each in found:
            path = os.path.join(folder, each)
            status = os.lstat(path)
            files[path[2:]] = [oct(status.st_mode & 0o7777), status.st_mtime]
call = {{"name": name, "words": words, "files": files, "environment": dict(os.environ)}}
call["folder"] = os.getcwd()
if "Dockerfile" in files:
    call["dockerfile"] = open("Dockerfile").read()
with open(os.path.join(here, "calls"), "a") as calls:
    calls.write(json.dumps(call) + "\\n")
with open(os.path.join(here, name + ".answers")) as file:
    answers = json.load(file)
text = " ".join(words)
for prefix, answer in answers:
    if (text + " ").startswith(prefix + " "):
        if "write" in answer:
            option, content = answer["write"]
            with open(words[words.index(option) + 1], "w") as file:
                file.write(content)
        sys.stdout.write(answer.get("out", ""))
        sys.stdout.flush()
        sys.stderr.write(answer.get("err", ""))
        sys.exit(answer.get("code", 0))
sys.stderr.write("unexpected: " + text)
sys.exit(125)
"""


class RecordedCommands:
    """Scripts in one folder, which is all that PATH has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(self, name, answers):
        """A command called `name`; the first answer whose words the call begins with is given."""
        script = self.folder / name
        script.write_text(_SCRIPT.format(python=sys.executable))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self.answer(name, answers)

    def answer(self, name, answers):
        """Give other answers from now on."""
        (self.folder / f"{name}.answers").write_text(json.dumps(list(answers.items())))

    @property
    def environment(self):
        """Variables by which the commands are found."""
        return {**os.environ, "PATH": str(self.folder)}

    @property
    def calls(self):
        """What was asked, in order."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def asked(self, *words):
        """The calls that begin with `words`."""
        return [call for call in self.calls if call["words"][: len(words)] == list(words)]


IMAGE = {
    "Id": "sha256:" + "1" * 64,
    "Size": 7_000_000,
    "Os": "linux",
    "Architecture": "amd64",
    "Config": {"User": "65532:65532"},
    "RepoDigests": [],
}
DIGEST = "sha256:" + "d" * 64


def docker_answers(*, version="28.2.2", has_buildx=False, **others):
    """What a docker command says whose engine is well."""
    info = {"ServerVersion": "28.0.1", "Architecture": "x86_64", "DriverStatus": [["a", "b"]]}
    return {
        "--version": {"out": f"Docker version {version}, build e6534b4\n"},
        "buildx version": {"out": "v0.23\n"} if has_buildx else {"code": 1},
        "info": {"out": json.dumps(info)},
        "image inspect": {"out": json.dumps([IMAGE])},
        "push": {"out": f"1: digest: {DIGEST} size: 1234\n"},
        **others,
    }


def podman_answers(**others):
    """What a podman command says."""
    info = {
        "host": {"arch": "arm64", "security": {"rootless": True}},
        "version": {"Version": "4.3.1"},
    }
    return {
        "--version": {"out": "podman version 4.3.1\n"},
        "info": {"out": json.dumps(info)},
        "image inspect": {"out": json.dumps([{**IMAGE, "Id": "1" * 64}])},
        "push": {"write": ["--digestfile", DIGEST], "out": "Writing manifest\n"},
        **others,
    }
