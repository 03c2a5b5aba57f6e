"""A file of variables to their values: `NAME=value` lines, or YAML with a map `environment`.

Lines are read as python-dotenv reads them, without putting variables into values; YAML files are
those of a stack's `environment_file`. A value may be a secret: no fault shows one.
"""

from __future__ import annotations

import io

from wherry_build.errors import InvalidName
from wherry_build.extras import extra
from wherry_build.names import environment_name
from wherry_build.project.reading.fault import Fault
from wherry_build.project.reading.tree import Entry, Kind, Position, Scalar, Table

_KEY = "environment"


def read_environment_file(content: bytes, *, path: str) -> tuple[dict[str, str], list[Fault]]:
    """The variables in `content`, and what is wrong with it.

    Args:
        content: At most a megabyte.
        path: What the file is called; one that ends in `.yaml` or `.yml` is YAML.

    Raises:
        ProjectFileInvalid: It is called YAML and is none.
        ExtraMissing: python-dotenv or ruamel.yaml is not installed.
    """
    if path.endswith((".yaml", ".yml")):
        return _of_yaml(content, path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        at = Position(path=path, line=1, column=1)
        return {}, [Fault(position=at, what="not UTF-8", expected="text in UTF-8")]
    return _of_lines(text, path)


def _of_lines(text: str, path: str) -> tuple[dict[str, str], list[Fault]]:
    with extra("build"):
        from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    faults: list[Fault] = []
    for binding in parse_stream(io.StringIO(text)):
        at = Position(path=path, line=binding.original.line, column=1)
        if binding.key is None and not binding.error:
            continue  # a comment, or an empty line
        if binding.error or binding.key is None or binding.value is None:
            faults.append(Fault(position=at, what="line", expected="`NAME=value`"))
        elif wrong := _of_name(binding.key, at):
            faults += wrong
        else:
            found[binding.key] = binding.value
    return found, faults


def _of_yaml(content: bytes, path: str) -> tuple[dict[str, str], list[Fault]]:
    from wherry_build.project.reading.yaml_text import read_tree

    tree, faults = read_tree(content, path=path)
    here = tree.position if tree is not None else Position(path=path, line=1, column=1)
    entry = tree.entries.get(_KEY) if isinstance(tree, Table) else None
    if entry is None or not isinstance(entry.value, Table):
        fault = Fault(position=here, what="file of variables", expected=f"a map `{_KEY}`")
        return {}, [*faults, fault]
    found: dict[str, str] = {}
    for name, each in entry.value.entries.items():
        if wrong := [*_of_name(name, each.position), *_of_value(name, each)]:
            faults += wrong
        elif isinstance(each.value, Scalar):
            found[name] = each.value.text
    return found, faults


def _of_name(name: str, at: Position) -> list[Fault]:
    try:
        environment_name(name)
    except InvalidName as error:
        return [Fault(position=at, what="variable", expected=error.message)]
    return []


def _of_value(name: str, entry: Entry) -> list[Fault]:
    if isinstance(entry.value, Scalar) and entry.value.kind is not Kind.NOTHING:
        return []
    return [
        Fault(position=entry.value.position, what=f"variable {name!r}", expected="a single value")
    ]
