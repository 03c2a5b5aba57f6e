"""`wherry lint --schemas`: what it prints, how it ends, and what it loads only then."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "builder/lint/examples"


@pytest.fixture
def checked(wherry):
    """Lint an example with its own definitions: `checked("SCH001", "bad", "--strict")`."""

    def checked(rule, which, *options):
        folder = EXAMPLES / rule
        words = (folder / f"{which}.yaml", "--schemas", folder / "crds.yaml", "--select", "SCH")
        return wherry("lint", *words, *options)

    return checked


@pytest.mark.parametrize(("rule", "code"), [("SCH001", 1), ("SCH002", 1), ("SCH003", 0)])
def test_errors_end_with_1_and_notes_do_not(checked, rule, code):
    assert checked(rule, "bad").code == code
    assert checked(rule, "good") == (0, "nothing found in 1 file\n", "")


def test_a_note_is_told_and_fails_nothing_even_where_it_is_strict(checked):
    done = checked("SCH004", "bad", "--strict")
    assert done.code == 0
    assert ": note SCH004 Ferry port/north: not evaluated, for it compares with" in done.out
    assert done.out.endswith("0 errors, 0 warnings, 1 note in 1 file\n")


@pytest.mark.parametrize(
    ("form", "said"),
    [("github", "::notice file="), ("sarif", '"level": "note"'), ("json", '"notes": 1')],
)
def test_every_form_knows_notes(checked, form, said):
    assert said in checked("SCH004", "bad", "--format", form).out


def test_an_unknown_field_has_its_place_and_a_hint(checked):
    found = json.loads(checked("SCH001", "bad", "--format", "json").out)["findings"]
    (shape,) = (each for each in found if each["rule"] == "SCH001")
    assert (shape["line"], shape["column"], shape["hint"]) == (8, 3, "did you mean 'berths'?")


@pytest.mark.parametrize("content", [None, "kind: Pod\n", "a: b: c\n"])
def test_definitions_that_are_none_end_with_2(wherry, here, content):
    if content is not None:
        (here / "crds.yaml").write_text(content)
    done = wherry("lint", EXAMPLES / "SCH001/good.yaml", "--schemas", "crds.yaml")
    assert done.code == 2
    assert "crds.yaml: " in done.err


def test_without_the_library_it_says_what_to_install(checked, monkeypatch):
    for name in [*sys.modules]:
        if name.partition(".")[0] == "celpy" or name.endswith("lint.schemas.expressions"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "celpy", None)
    done = checked("SCH001", "good")
    assert done.code == 3
    assert "pip install 'wherry[schemas]'" in done.err


def test_without_schemas_their_libraries_are_not_loaded():
    code = (
        "import sys; from wherry_cli.main import run; run(sys.argv[1:]); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "lint", str(EXAMPLES / "SCH001/good.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not set(done.stderr.split()) & {"celpy", "jsonschema", "re2", "lark"}
