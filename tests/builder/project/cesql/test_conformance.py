"""The conformance kit of CESQL, whole: every case of every suite, read in place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from wherry_build.project.cesql import ParseError, parse

ROOT = Path(__file__).parents[4]
KIT = Path(os.environ.get("WHERRY_SHARED_DATA") or ROOT.parent / "shared/data") / "cesql-tck"
EVENT = {"specversion": "1.0", "id": "id-1", "source": "/source", "type": "com.example.type"}


class _Loader(yaml.SafeLoader):
    """YAML 1.1 without its times, which the kit means as texts."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def cases():
    found = []
    for file in sorted(KIT.glob("*.yaml")):
        text = file.read_text()
        typed = yaml.load(text, _Loader)["tests"]
        written = yaml.load(text, yaml.BaseLoader)["tests"]  # `TRUE` is an expression, no boolean
        for case, plain in zip(typed, written, strict=True):
            each = {**case, "expression": plain["expression"]}
            found.append(pytest.param(each, id=f"{file.stem}: {case['name']}"))
    return found


def attributes(case):
    return {**case.get("event", EVENT), **case.get("eventOverrides", {})}


@pytest.mark.shared
def test_the_kit_is_whole():
    if not KIT.is_dir():
        pytest.skip(f"no {KIT}")
    assert len(cases()) == 275


@pytest.mark.shared
@pytest.mark.parametrize("case", cases())
def test_case(case):
    if case.get("error") == "parse":
        with pytest.raises(ParseError):
            parse(case["expression"])
        return
    outcome = parse(case["expression"]).evaluate(attributes(case))
    assert (outcome.error.kind.value if outcome.error else None) == case.get("error")
    assert outcome.value == case["result"] and type(outcome.value) is type(case["result"])
