"""What our texts tell people to type: each `wherry ...` is a command, with options that it has."""

import ast
import re
from pathlib import Path

import click
import pytest

import wherry_build
import wherry_cli
import wherry_local
from wherry_cli.main import COMMANDS
from wherry_cli.main import wherry as cli

PACKAGES = [Path(each.__file__).parent for each in (wherry_build, wherry_cli, wherry_local)]
TYPED = re.compile(r"(?<![\w./'-])wherry ((?:-|[a-z])[^\n]*)")
END = re.compile(r"[;|>`'\")(]|, |&&|: |\. |<| or | and | that ")
"""What a command in a sentence ends at."""
NO_COMMAND = "lock {}"
"""What a key of the cache begins with."""


def texts(file):
    """Every text of a module; of an f-string what stands in it, and `{}` for the rest."""
    pieces = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.JoinedStr):
            pieces |= {id(each) for each in node.values}
            yield "".join(
                each.value if isinstance(each, ast.Constant) else "{}" for each in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in pieces:
            yield str(node.value)


def typed(text):
    """What of `text` is to be typed."""
    return [END.split(each)[0].rstrip(".,:") for each in TYPED.findall(text) if each != NO_COMMAND]


def fault(line):
    """What is wrong with the command `wherry LINE`, or None."""
    words = line.replace("{}", " {}").split()
    command, context = cli, click.Context(cli, info_name="wherry", **cli.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        known = COMMANDS if command is cli else command.commands
        if name not in known:
            return f"no command {name!r}"
        command = command.get_command(context, name)
        context = click.Context(command, parent=context, info_name=name)
    options = set()
    for each in (command, command.get_command(context, "list") if is_list(command) else None):
        for param in each.get_params(context) if each is not None else ():
            options |= {*param.opts, *param.secondary_opts}
    unknown = [
        word for word in words if word.startswith("-") and word.partition("=")[0] not in options
    ]
    return f"no option {unknown[0]}" if unknown else None


def is_list(command):
    return isinstance(command, click.Group) and "list" in command.commands


FOUND = [
    pytest.param(line, id=f"{file.relative_to(package.parent)}: {line}")
    for package in PACKAGES
    for kind, read in (("*.py", texts), ("*.html", lambda file: [file.read_text()]))
    for file in sorted(package.rglob(kind))
    for line in dict.fromkeys(line for text in read(file) for line in typed(text))
]


def test_texts_are_found():
    lines = {each.values[0] for each in FOUND}
    assert {"secret create {}{}", "new hello --template http", "events --explain ID"} <= lines


@pytest.mark.parametrize("line", FOUND)
def test_what_people_are_told_to_type_is_there(line):
    assert fault(line) is None


@pytest.mark.parametrize(
    "line", ["secret set key", "absent", "up --nope", "calls --nope", "calls show 1 --state dead"]
)
def test_what_is_not_there_is_found(line):
    assert fault(line) is not None
