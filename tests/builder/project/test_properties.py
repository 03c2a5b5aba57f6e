"""An accepted project, written and read again, is the same; and no text gives a traceback."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wherry_build.errors import ProjectFileInvalid
from wherry_build.manifests.yaml import dump
from wherry_build.project.json_schema import json_schema
from wherry_build.project.reading.project_text import read_project_text
from wherry_build.project.reading.reader import WRONG, Reader
from wherry_build.project.reading.tree import Entry, Kind, Position, Scalar, Sequence, Table
from wherry_build.project.shape import Amount, Choice, Items, Keyed, Named, Truth, fields_of
from wherry_build.project.specification import ProjectSpecification, scalars
from wherry_build.project.specification.amounts import Cpu, DurationLimits
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.scalars import Text, Whole

SCHEMA = Draft202012Validator(json_schema())
ONLY = Position(path="f", line=1, column=1)
FUNCTIONS = ("hello", "orders")
POOLS = {
    scalars.FunctionName: FUNCTIONS,
    scalars.Label: ("default", "alpha"),
    scalars.Host: ("fns.example.com",),
    scalars.ImageReference: ("a", "ghcr.io/acme/a:1.0", "a@sha256:" + "0" * 64),
    scalars.ImagePrefix: ("ghcr.io/acme", "registry:5000/a"),
    scalars.Url: ("http://a", "https://a.b:1/c"),
    scalars.Path: ("/", "/a", "/a/b%20c"),
    scalars.RelativeFile: (".", "a", "functions/hello", "é b"),
    scalars.EnvironmentName: ("A", "_b1", "PORTS"),
}
BY_TEXT = {alias.__metadata__[0]: pool for alias, pool in POOLS.items()}


def values(shape, depth=0):
    """Plain values that fit `shape` on its own."""
    match shape:
        case Keyed(record=record):
            return records(record, depth)
        case Items(item=item):
            return st.lists(values(item, depth), max_size=2, unique_by=repr)
        case Named(name=name, value=value):
            return st.dictionaries(values(name), values(value, depth), max_size=2)
        case Choice(options=options):
            return st.sampled_from([option.value for option in options])
        case Truth():
            return st.booleans()
        case Whole(least=least, most=most):
            return st.integers(least, most)
        case DurationLimits(least=least, most=most, whole_seconds=whole):
            if whole:
                return st.integers(least.seconds, most.seconds).map("{}s".format)
            return st.integers(least.milliseconds, most.milliseconds).map("{}ms".format)
        case Amount(kind=kind):
            return st.sampled_from(["250m", "1", "0.5"] if kind is Cpu else ["128Mi", "1G"])
        case Text():
            if shape in BY_TEXT:
                return st.sampled_from(BY_TEXT[shape])
            return st.from_regex(shape.pattern, fullmatch=True).filter(shape.accepts)
    raise AssertionError(shape)


@st.composite
def records(draw, record, depth=0):
    """Maps that fit `record`; what is between the values is put right afterwards."""
    made = {}
    chosen = draw(st.sampled_from(record.exactly_one)) if record.exactly_one else None
    some = draw(st.sampled_from(record.at_least_one)) if record.at_least_one else None
    if depth > 5 and chosen in {"all", "any", "not"}:
        chosen = "cesql"
    for field in fields_of(record):
        if field.key in record.exactly_one:
            wanted = field.key == chosen
        else:
            wanted = field.required or field.key == some or draw(st.integers(0, 3)) == 0
        if wanted:
            made[field.key] = draw(values(field.shape, depth + 1))
    assume(chosen is None or made[chosen] not in ([], {}))
    return settled(record, made)


def settled(record, made):
    """`made` with shares that are 100 together, and without what contradicts the rest."""
    for key in {"split", "revisions"} & made.keys():
        shares = made[key].values() if isinstance(made[key], dict) else made[key]
        for at, share in enumerate(shares):
            share["percent"] = 0 if at else 100
            share.pop("tag", None)
            share.pop("revision", None)
    shape = Keyed(record=record)
    optional = [field.key for field in fields_of(record) if not field.required]
    for key in optional:
        reader = Reader()
        reader.read(shape, tree_of(made), what="it")
        if not reader.faults:
            break
        if key not in record.exactly_one and key not in record.at_least_one:
            made.pop(key, None)
    return made


def tree_of(value):
    """A plain value as the tree that its YAML would be."""
    match value:
        case None:
            return Scalar(kind=Kind.NOTHING, text="", position=ONLY)
        case dict():
            entries = {
                key: Entry(position=ONLY, value=tree_of(item)) for key, item in value.items()
            }
            return Table(entries=entries, position=ONLY)
        case list() | tuple():
            return Sequence(items=tuple(map(tree_of, value)), position=ONLY)
        case bool():
            return Scalar(kind=Kind.TRUTH, text=str(value).lower(), position=ONLY)
        case int():
            return Scalar(kind=Kind.WHOLE, text=str(value), position=ONLY)
    return Scalar(kind=Kind.TEXT, text=value, position=ONLY)


def plain(value):
    """A value of the model as it would be written."""
    if isinstance(value, Record):
        pairs = [(field, getattr(value, field.attribute)) for field in fields_of(type(value))]
        return {
            field.key: plain(item)
            for field, item in pairs
            if field.required or (item is not None and item not in ((), {}))
        }
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, (bool, int, str)):
        return value
    return str(value.value) if hasattr(value, "value") else str(value)


@st.composite
def projects(draw):
    """Whole projects that are accepted; what they name is there."""
    made = draw(records(ProjectSpecification))
    functions = made.setdefault("functions", {})
    for name in FUNCTIONS:
        functions.setdefault(name, {})
    for function in functions.values():
        if "broker" in function.get("sink", {}):
            function["sink"] = {"broker": "default"}
    for trigger in made.get("triggers", {}).values():
        trigger.pop("broker", None)
    return made


def read(text, environment=""):
    return read_project_text(text.encode(), path="f", environment=environment).specification


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
@given(projects())
def test_an_accepted_project_is_read_again_as_the_same(project):
    first = read(dump(project))
    assert read(dump(plain(first))) == first
    SCHEMA.validate(project)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(projects(), st.data())
def test_an_overlay_of_the_project_itself_changes_nothing(project, data):
    first = read(dump(project))
    key = data.draw(st.sampled_from(list(project)))
    overlaid = {**project, "environments": {"same": {key: project[key]}}}
    assert read(dump(overlaid), "same") == first


@pytest.mark.parametrize("key", [field.key for field in fields_of(ProjectSpecification)])
@settings(deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_hostile_values_are_faults_with_a_place(key, value):
    shape = next(field.shape for field in fields_of(ProjectSpecification) if field.key == key)
    reader = Reader()
    tree = (
        tree_of(value) if value is not None else Scalar(kind=Kind.NOTHING, text="", position=ONLY)
    )
    made = reader.read(shape, tree, what=key)
    assert made is not WRONG or reader.faults
    for fault in reader.faults:
        assert " at f:1:1" in str(fault)
        assert str(fault).isprintable()
        assert str(fault).isascii()


KEYS = sorted(
    {field.key for field in fields_of(ProjectSpecification)}
    | {"timeout", "environments", "a", "<<"}
)


def told(text):
    """The error that `text` gives; a place for one that is accepted."""
    try:
        read(text)
    except ProjectFileInvalid as error:
        return error.message
    return "accepted at f:"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(KEYS) | st.text(max_size=5),
            st.sampled_from(["", " 1", " null", " {}", " []", " &a {}", " *a", " 'x'"]),
        )
    )
)
def test_hostile_texts_are_faults_with_a_place(lines):
    text = "\n".join(f"{'  ' * depth}{key}:{value}" for depth, key, value in lines)
    assert " at f:" in told(text)
