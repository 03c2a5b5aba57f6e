"""Objects against a schema, by way of everything that the command does."""

import pytest

from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import Schemas
from wherry_build.lint.source import read_text

HEAD = "apiVersion: acme.example/v1\nkind: Ferry\nmetadata: {name: north}\n"


@pytest.fixture
def told():
    """What is said of a text: `told("spec: {a: 1}", {"type": "object"})`, its schema at `spec`."""

    def told(text, spec=None, *, schema=None):
        whole = schema or {"type": "object", "properties": {"spec": spec}}
        schemas = Schemas(served={("acme.example/v1", "Ferry"): whole})
        found = lint(read_text(HEAD + text), select=["SCH"], schemas=schemas)
        return [(each.rule, each.line, each.column, each.message) for each in found]

    return told


@pytest.fixture
def rules(told):
    """The ids of the rules that say something."""

    def rules(*words, **named):
        return [each[0] for each in told(*words, **named)]

    return rules
