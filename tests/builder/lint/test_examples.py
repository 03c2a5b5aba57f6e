"""Each rule has a bad example, which it finds, and a good one, which it does not."""

from pathlib import Path

import pytest

from wherry_build.lint.run import all_rules, lint
from wherry_build.lint.schemas.catalogue import read_schemas
from wherry_build.lint.source import read

EXAMPLES = Path(__file__).parent / "examples"


def example(rule, which):
    """The files of an example: `bad.yaml`, `bad.conf`, or a folder `bad` of them."""
    (found,) = (path for path in (EXAMPLES / rule).iterdir() if path.stem == which)
    return found


def schemas(rule):
    """The definitions that an example is checked against, where it comes with some."""
    file = EXAMPLES / rule / "crds.yaml"
    return read_schemas(file) if file.exists() else None


def test_every_example_is_of_a_rule():
    assert {path.name for path in EXAMPLES.iterdir()} == set(all_rules())


@pytest.mark.parametrize("rule", all_rules())
def test_the_bad_example_is_found(rule):
    assert rule in {
        finding.rule for finding in lint(read([example(rule, "bad")]), schemas=schemas(rule))
    }


@pytest.mark.parametrize("rule", all_rules())
def test_the_good_example_is_not(rule):
    reading = read([example(rule, "good")])
    assert reading.documents
    assert not reading.unreadable
    findings = lint(reading, schemas=schemas(rule))
    assert [finding for finding in findings if finding.rule == rule] == []
