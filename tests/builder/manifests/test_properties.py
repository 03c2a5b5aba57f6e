"""Any project that the model accepts renders to objects that are right, whatever its values say."""

import copy
import json
import os
from functools import cache
from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.builder.manifests import hostile
from tests.builder.manifests.full_project import FULL, made
from tests.builder.manifests.matrix import WAYS, name, options
from tests.builder.project.test_properties import projects

from wherry_build.errors import ManifestError, ProjectFileInvalid
from wherry_build.lint.finding import Severity
from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import read_schemas
from wherry_build.lint.source import read_text
from wherry_build.manifests.render import render
from wherry_build.manifests.yaml import dump
from wherry_build.project.shape import Keyed
from wherry_build.project.specification import ProjectSpecification

# What is an expression is read as one: a fault in it is refused or told.
EXPRESSIONS = {"cesql", "cron"}
# Of a class of brokers that is known, an address is written; of others a loss is told.
DECIDING = {"class"}
SHARED = Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
BUNDLE = SHARED / "crds/bundle.json"
TREE = yaml.safe_load(FULL)
PLACES = [
    place
    for place in hostile.places(Keyed(record=ProjectSpecification), TREE)
    if place.is_open and place.path[-1] not in EXPRESSIONS | DECIDING
]
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ways = st.sampled_from(WAYS)


def bounded(examples):
    # Without the explanation of failures, which traces every line of those that pass too.
    return settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


@cache
def schemas():
    return read_schemas(BUNDLE) if BUNDLE.is_file() else None


@cache
def documents_of_full(way):
    """The documents of the full project, and their structure."""
    documents = render(made(dump(TREE)), options(way)).documents
    return [each.value for each in documents], structures([each.value for each in documents], {})


def structures(values, renamed):
    """The structure of each, in no order: some files are named by what they say."""
    return sorted(json.dumps(hostile.structure(each, renamed)) for each in values)


def errors(stream):
    """The errors that the linter finds, by schemas too where they are there."""
    found = lint(read_text(stream), schemas=schemas())
    return [f"{each.rule} {each.message}" for each in found if each.severity is Severity.ERROR]


def read_alike(value):
    """Both readers find in the text of a document that one document."""
    text, wanted = dump(value), json.loads(json.dumps(value))
    assert list(yaml.load_all(text, PARSER)) == [wanted]
    assert list(YAML(typ="safe", pure=True).load_all(text)) == [wanted]


@bounded(40)
@given(projects(), ways)
def test_any_accepted_project_renders_to_what_is_right(project, way):
    try:
        rendering = render(made(dump(project)), options(way))
    except ManifestError as refused:
        event(f"refused: {name(way)}: {refused}")
        return
    for document in rendering.documents:
        read_alike(document.value)
    assert errors(rendering.stream()) == []


@bounded(40)
@given(st.data(), ways)
def test_a_hostile_text_adds_no_document_and_no_name(data, way):
    place = data.draw(st.sampled_from(PLACES))
    text = data.draw(hostile.texts(place.shape))
    tree = copy.deepcopy(TREE)
    place.put(tree, text)
    try:
        rendering = render(made(dump(tree)), options(way))
    except (ManifestError, ProjectFileInvalid) as refused:
        event(f"refused: {place.path} {type(refused).__name__}")
        return
    before, structure = documents_of_full(way)
    values = [document.value for document in rendering.documents]
    for value in values:
        if value not in before:
            read_alike(value)
    assert errors(rendering.stream()) == []
    # Nothing is left out; the whole of a host is matched in another way than a part of it.
    assume(text and not text.endswith("/"))
    # A header's name is written in lower case where its case says nothing.
    renamed = dict.fromkeys((text, text.lower()), place.path[-1]) if place.is_name else {}
    assert structures(values, renamed) == structure
