"""The schema is what the model says: committed, true, and refusing what the reader refuses."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from wherry_build.errors import ProjectFileInvalid
from wherry_build.manifests.coverage import said_keys
from wherry_build.project.json_schema import json_schema
from wherry_build.project.key_tables import key_tables, title
from wherry_build.project.reading.project_text import read_project_text
from wherry_build.project.shape import fields_of, records
from wherry_build.project.specification import ProjectSpecification

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLE = re.search(r"```yaml\n(.*?)```", (DOCS / "project.md").read_text(), re.DOTALL)[1]
VALIDATOR = Draft202012Validator(json_schema())


def is_read(text):
    try:
        read_project_text(text.encode(), path="f")
    except ProjectFileInvalid:
        return False
    return True


def test_the_committed_schema_is_what_the_model_says():
    said = (DOCS / "wherry.schema.json").read_text()
    assert said == json.dumps(json_schema(), indent=2) + "\n", "run docs/generate.py"


def test_it_is_a_schema():
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("environment", ["", "staging"])
def test_the_example_of_the_page_is_read(environment):
    read_project_text(EXAMPLE.encode(), path="f", environment=environment)
    VALIDATOR.validate(yaml.safe_load(EXAMPLE))


def test_the_example_has_every_part_of_a_project():
    said = read_project_text(EXAMPLE.encode(), path="f").specification
    parts = {key.partition(".")[0] for key, _ in said_keys(said)}
    assert parts == {field.key for field in fields_of(ProjectSpecification)} - {"version"}
    parts = {key.partition(".")[0] for key, _ in said_keys(said.functions["orders"])}
    every = {field.key for field in fields_of(type(said.functions["orders"]))}
    assert parts == every - {"image", "methods"}


@pytest.mark.parametrize(
    "text",
    [
        "tigger: {}",
        "functions: []",
        "functions: {A: {}}",
        "functions: {a: null}",
        "functions: {a: {timeout: 30}}",
        "functions: {a: {timeout: 30 s}}",
        "functions: {a: {environment: {A: 1}}}",
        "functions: {a: {environment: {PORT: x}}}",
        "functions: {a: {handler: ../b}}",
        "functions: {a: {concurrency: 1001}}",
        "functions: {a: {scale: {metric: cpus}}}",
        "functions: {a: {secrets: [b, b]}}",
        "functions: {a: {resources: {limits: {memory: 128}}}}",
        "functions: {a: {authorization: {}}}",
        'namespace: "fns\\n"',
        "routes: {r: {}}",
        "routes: {r: {function: a, split: [{function: a, percent: 100}]}}",
        "routes: {r: {split: []}}",
        "routes: {r: {function: a, path: {exact: /a//b}}}",
        "routes: {r: {function: a, retries: {}}}",
        "routes: {r: {function: a, fault: {}}}",
        "triggers: {t: {function: a, filters: [{exact: {}}]}}",
        "triggers: {t: {function: a, filters: [{not: {all: [{cesql: x, exact: {a: b}}]}}]}}",
        "schedules: {s: {cron: often, function: a}}",
        "environments: {s: {tigger: {}}}",
        "environments: {s: {functions: {a: {timeout: 30}}}}",
        "environments: {s: {environments: {}}}",
        "version: 2",
        f"functions: {{a: {{secrets: [{', '.join(f's{n}' for n in range(1001))}]}}}}",
    ],
)
def test_both_refuse(text):
    assert not is_read(text)
    assert not VALIDATOR.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "functions: {a: {resources: {requests: {cpu: 1, memory: 1Gi}}}}",
        "functions: {a: {resources: {requests: {cpu: 0.5}}}}",
        "functions: {a: {timeout: 5s}}\nenvironments: {s: {functions: {a: {timeout: null}}}}",
        "functions: {a: {timeout: 5s}}\nenvironments: {s: {functions: {a: {}, b: {timeout: 1s}}}}",
        "functions: {a: {}}\ntriggers: {t: {function: a, filters: [{not: {exact: {a: b}}}]}}",
        "routes: {r: {function: a, path: {prefix: /}}}",
    ],
)
def test_both_accept(text):
    assert is_read(text)
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("record", records(ProjectSpecification), ids=lambda each: each.__name__)
def test_every_key_has_a_meaning(record):
    for field in fields_of(record):
        assert field.meaning.endswith("."), field.key


def test_every_part_has_a_heading_of_its_own():
    titles = [title(record) for record in records(ProjectSpecification)]
    assert len(set(titles)) == len(titles)
    anchors = {name.lower().replace(" ", "-") for name in titles}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", key_tables())) <= anchors
