"""`wherry template`."""

import json

import pytest

from wherry_build.template import TEMPLATES


def test_the_list_says_what_each_is_for(wherry):
    done = wherry("template", "list")
    assert done.code == 0
    head, *rows = done.out.splitlines()
    assert head.split() == ["TEMPLATE", "LANG", "FOR"]
    assert [row.split(None, 2) for row in rows] == [
        [each.style, each.language, each.purpose] for each in TEMPLATES
    ]


def test_the_list_for_programs(wherry):
    told = json.loads(wherry("template", "list", "-o", "json").out)
    assert told[0] == {
        "template": "http",
        "lang": "python3-wherry",
        "purpose": "an HTTP request in, as Flask has it; an answer out",
    }
    assert len(told) == len(TEMPLATES)


def test_an_export_goes_where_faas_cli_looks(wherry, here):
    done = wherry("template", "export")
    assert done.code == 0
    assert done.out.splitlines() == sorted(
        ["template/dockerfile", *(f"template/{each.language}" for each in TEMPLATES)]
    )
    assert (here / "template/python3-wherry/template.yml").is_file()
    again = wherry("template", "export")
    assert again.err.startswith("0 files written, 0 removed, ")


def test_an_export_of_some_elsewhere(wherry, here):
    done = wherry("template", "export", "deploy", "async")
    assert done.out.splitlines() == [
        "deploy/template/dockerfile",
        "deploy/template/python3-wherry-async",
    ]


def test_an_export_for_buildkit_alone_and_back(wherry, here):
    file = here / "template/python3-wherry/Dockerfile"
    wherry("template", "export", "--buildkit")
    assert "--mount=type=secret" in file.read_text()
    assert wherry("template", "export").code == 0
    assert "--mount" not in file.read_text()


def test_what_is_anothers_is_told_with_the_way_out(wherry, here):
    wherry("template", "export")
    (here / "template/python3-wherry/Dockerfile").write_text("mine")
    done = wherry("template", "export")
    assert done.code == 2
    assert "template/python3-wherry/Dockerfile" in done.err
    assert "--force" in done.err
    assert wherry("template", "export", "--force").code == 0


@pytest.mark.parametrize("arguments", [["export", ".", "go"], ["list", "-o", "yaml"], ["nope"]])
def test_wrong_input_is_told(wherry, here, arguments):
    done = wherry("template", *arguments)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert list(here.iterdir()) == []
