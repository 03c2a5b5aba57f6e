"""Every dialect of filters, against cases generated from a table of what their text says.

The rules are written by hand from the specifications (CloudEvents Subscriptions 1.0, section 3.2.4;
Knative's data plane), each with the words that it is from; the cases are all that they say of the
values below.
"""

import itertools

import pytest

from wherry_build.project.specification.eventing import Filter
from wherry_local.broker.filters import compiled, compiled_attributes

VALUES = ("a", "A", "ab", "ba", "aba", " a", "a ", "é", "1", "true", "a%20b", "*", "")
BESIDE = {"specversion": "1.0", "id": "1", "type": "t", "source": "/s"}

RULES = {
    # "the value of the matching CloudEvents attribute MUST all exactly match with the associated
    # value String specified (case-sensitive)"
    "exact": lambda found, wanted: found == wanted,
    # "MUST all start with the associated value String (case sensitive)"
    "prefix": lambda found, wanted: found[: len(wanted)] == wanted,
    # "MUST all end with the associated value String (case sensitive)"
    "suffix": lambda found, wanted: found[-len(wanted) :] == wanted,
}
# What is no string is compared by the string that stands for it; what is absent fits nothing.
TYPED = [(5, "5"), (-1, "-1"), (True, "true"), (False, "false")]

YES, NO = Filter(exact={"type": "t"}), Filter(exact={"type": "x"})
TRUTH = {
    # "MUST evaluate to true only if all the filter expressions specified in the array evaluate to
    # true"
    "all": {(1,): 1, (0,): 0, (1, 1): 1, (1, 0): 0, (0, 1): 0, (0, 0): 0},
    # "MUST evaluate to true if at least one of the filter expressions evaluates to true"
    "any": {(1,): 1, (0,): 0, (1, 1): 1, (1, 0): 1, (0, 1): 1, (0, 0): 0},
}

EXPRESSIONS = [
    ("TRUE", True),
    ("FALSE", False),
    # An expression that is no boolean lets nothing pass.
    ("1", False),
    ("'true'", False),
    ("id", False),
    # Nor does one that ends in an error, whatever it would have been.
    ("missing = 'x'", False),
    ("missing != 'x'", False),
    ("missing = 'x' OR TRUE", False),
    ("TRUE OR missing = 'x'", True),
    ("FALSE AND missing = 'x'", False),
    ("INT('x') = 0", False),
    ("1 / 0 = 0", False),
    # As Knative reads them: alike, and to the right.
    ("FALSE AND FALSE OR TRUE", False),
    ("EXISTS id", True),
    ("EXISTS subject", False),
    ("NOT EXISTS subject", True),
    ("type LIKE 't%'", True),
    ("source = '/s' AND type IN ('x', 't')", True),
]


def passes(*filters, **attributes):
    return compiled(filters)({**BESIDE, **attributes}).passes


@pytest.mark.parametrize("dialect", RULES)
def test_one_attribute(dialect):
    rule = RULES[dialect]
    for found, wanted in itertools.product(VALUES, [each for each in VALUES if each]):
        said = Filter(**{dialect: {"ext": wanted}})
        assert passes(said, ext=found) is rule(found, wanted), (found, wanted)


@pytest.mark.parametrize("dialect", RULES)
@pytest.mark.parametrize(("value", "text"), TYPED)
def test_what_is_no_string(dialect, value, text):
    for wanted in (text, text[:1], text[-1:], text.upper() + "x"):
        said = Filter(**{dialect: {"ext": wanted}})
        assert passes(said, ext=value) is RULES[dialect](text, wanted), wanted


@pytest.mark.parametrize("dialect", RULES)
@pytest.mark.parametrize("name", ["ext", "subject", "time", "datacontenttype", "dataschema"])
def test_what_is_absent(dialect, name):
    said = Filter(**{dialect: {name: "a"}})
    assert not passes(said)
    assert passes(Filter(not_=said))


@pytest.mark.parametrize("dialect", RULES)
def test_of_several_attributes_all_must_fit(dialect):
    for first, second in itertools.product("ab", repeat=2):
        said = Filter(**{dialect: {"one": "a", "two": "a"}})
        assert passes(said, one=first, two=second) is (first == second == "a")


@pytest.mark.parametrize("dialect", TRUTH)
def test_filters_of_filters(dialect):
    for values, expected in TRUTH[dialect].items():
        inner = tuple(YES if each else NO for each in values)
        assert passes(Filter(**{dialect: inner})) is bool(expected), values
        assert passes(Filter(not_=Filter(**{dialect: inner}))) is not expected


def test_filters_of_a_trigger_are_all_asked():
    for values in itertools.product((1, 0), repeat=3):
        assert passes(*(YES if each else NO for each in values)) is all(values)
    assert passes()


@pytest.mark.parametrize("depth", range(1, 6))
def test_not_of_not(depth):
    said = YES
    for _ in range(depth):
        said = Filter(not_=said)
    assert passes(said) is (depth % 2 == 0)


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_an_expression(expression, expected):
    assert passes(Filter(cesql=expression)) is expected


def test_the_older_filter():
    """Where a value is empty any will do, but there must be one; else it is exactly that."""
    for found, wanted in itertools.product([None, *VALUES], VALUES):
        attributes = {**BESIDE} if found is None else {**BESIDE, "ext": found}
        verdict = compiled_attributes({"ext": wanted}, clause="filter")(attributes)
        assert verdict.passes is (bool(found) and wanted in {"", found}), (found, wanted)
    assert compiled_attributes({}, clause="filter")(BESIDE).passes
