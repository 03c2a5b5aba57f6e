"""Whatever shape an object has, rules and fixes say what they can and never raise."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.fixing import fixed
from wherry_build.lint.recognition import form_of
from wherry_build.lint.run import all_rules, lint
from wherry_build.lint.source import read_text

EXAMPLES = Path(__file__).parent / "examples"
FAMILIES = ("ENV", "IST", "K8S", "KNA", "OFA")
SOUND = [
    document
    for folder in sorted(EXAMPLES.iterdir())
    for file in (*folder.glob("bad.yaml"), *folder.glob("bad/*.yaml"))
    if folder.name.startswith(FAMILIES)
    for document in [list(yaml.safe_load_all(file.read_text()))]
]
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "*",
        "a.b.svc",
        "/",
        [],
        {},
        [[]],
        [{}],
        {"": None},
        [None, 1],
        {"a": [1]},
    ]
)


def places(node, keys=()):
    """Every place below `node`, by its keys."""
    yield keys
    pairs = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in pairs:
        yield from places(value, (*keys, key))


def with_odd(documents, keys, odd):
    """A copy of `documents` with `odd` at `keys`."""
    made = copy.deepcopy(documents)
    node = made
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = odd
    return made


@st.composite
def mangled(draw):
    documents = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 3))):
        keys = draw(st.sampled_from([each for each in places(documents) if each]))
        documents = with_odd(documents, keys, draw(ODD))
    return "\n---\n".join(json.dumps(each) for each in documents)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mangled())
def test_no_shape_makes_a_rule_raise(text):
    lint(read_text(text, "odd.yaml"), select=FAMILIES)
    fixed(read_text(text, "odd.yaml"), select=FAMILIES)


@pytest.mark.parametrize("odd", [[], {"a": {}}, 7, "text", None], ids=repr)
def test_no_value_makes_a_rule_raise_wherever_it_is(odd):
    rules = [each for name, each in all_rules().items() if name.startswith(FAMILIES)]
    for documents in SOUND:
        for keys in places(documents):
            if keys:
                bundle = bundle_of(with_odd(documents, keys, odd))
                for rule in rules:
                    list(rule.check(bundle))


def bundle_of(documents):
    """The documents without the text that they would be read from."""
    return Bundle(
        documents=tuple(
            Document(path="odd.yaml", form=form_of(each), node=each) for each in documents
        )
    )
