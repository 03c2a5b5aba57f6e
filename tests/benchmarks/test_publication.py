"""What a page quotes, in words and in a picture, is the run that is committed beside it."""

import dataclasses

import pytest
from benchmarks.serving.origins import ROOT
from benchmarks.serving.publication import PUBLICATION as SERVING
from benchmarks.soak.publication import PUBLICATION as SOAK

from .runs import results, series

each = pytest.mark.parametrize(
    "publication", [pytest.param(SERVING, id="serving"), pytest.param(SOAK, id="soak")]
)


@pytest.fixture
def run():
    return results(series("wherry", 1000, 1200), series("functions-framework", 100, 100))


@pytest.fixture
def elsewhere(tmp_path):
    """The benchmark of servers, with files of its own; nothing is published yet."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- the published run -->\nold words\n<!-- until here -->\nafter\n")
    return dataclasses.replace(
        SERVING, json=tmp_path / "run.json", picture=tmp_path / "run.svg", page=page
    )


@each
def test_the_page_says_what_the_committed_run_says(publication):
    """`make bench-figures` makes it so."""
    page, committed = publication.page.read_text(), publication.committed()
    assert publication.section(committed) in page
    assert publication.rewritten(page, committed) == page


@each
def test_the_committed_picture_is_of_the_committed_run(publication):
    committed = publication.committed()
    assert publication.picture.exists() == (committed is not None)
    if committed is not None:
        assert publication.picture.read_text() == publication.drawn(committed)


def test_the_section_is_put_where_it_belongs(elsewhere, run):
    found = elsewhere.rewritten(elsewhere.page.read_text(), run)
    assert elsewhere.said(run) in found
    assert "old words" not in found
    assert found.startswith("before\n") and found.endswith("\nafter\n")
    assert elsewhere.rewritten(found, run) == found


def test_the_part_of_another_benchmark_is_left_alone(elsewhere, run):
    page = elsewhere.page.read_text()
    other = dataclasses.replace(elsewhere, mark="the published soak")
    assert other.rewritten(page, run) == page


def test_without_a_run_the_page_says_how_to_make_one(elsewhere):
    assert elsewhere.committed() is None
    page = elsewhere.rewritten(elsewhere.page.read_text(), None)
    assert "\nNo run is published yet; `make bench` measures on your machine.\n<!--" in page


def test_a_run_is_published_and_shown_anew_from_its_json(elsewhere, run):
    elsewhere.publish(run)
    assert elsewhere.committed() == run
    written = [elsewhere.picture.read_text(), elsewhere.page.read_text()]
    assert written[0] == elsewhere.drawn(run) and elsewhere.said(run) in written[1]

    elsewhere.picture.write_text("")
    elsewhere.page.write_text(elsewhere.rewritten(written[1], None))
    assert elsewhere.main() == 0
    assert [elsewhere.picture.read_text(), elsewhere.page.read_text()] == written


def test_there_is_nothing_to_show_anew(elsewhere, capsys):
    before = elsewhere.page.read_text()
    nowhere = dataclasses.replace(elsewhere, json=ROOT / "benchmarks" / "no-run.json")
    assert nowhere.main() == 1
    said = capsys.readouterr().out
    assert "benchmarks/no-run.json is not there" in said and "make bench ARGS=--publish" in said
    assert nowhere.page.read_text() == before
    assert not nowhere.picture.exists()
