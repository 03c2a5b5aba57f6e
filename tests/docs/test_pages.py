"""The pages are true where a machine can tell: links, settings, probes, errors, commands."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "docs",
    "docs/lint",
    "docs/migrating",
    "docs/targets",
    "functions",
    "functions/*",
    "benchmarks",
    "templates",
    "templates/*",
)
PAGES = sorted(
    {page for folder in (".", *FOLDERS) for page in ROOT.glob(f"{folder}/*.md")},
)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page):
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page))
    return {heading.replace(" ", "-") for heading in plain}


@each_page
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text()), target


@each_page
def test_generated_parts_are_what_the_code_says(page):
    generate = runpy.run_path(str(ROOT / "docs/generate.py"))
    text = page.read_text()
    assert text == generate["written"](text), "run `make docs`"


@each_page
def test_python_in_the_pages_is_python(page):
    for language, code in FENCE.findall(page.read_text()):
        if language == "python":
            compile(code if "def " in code else code + "def f(): ...", str(page), "exec")


@each_page
def test_commands_in_the_pages_exist(page):
    """A `wherry` or `make` command that a page shows is one that there is."""
    from wherry_cli.main import COMMANDS

    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for language, block in FENCE.findall(page.read_text()):
        if language != "console":
            continue
        for command in re.findall(r"^\$ (.+)$", block, re.MULTILINE):
            words = command.split()
            if words[0] == "wherry":
                assert words[1] in COMMANDS, command
            if words[0] == "make":
                assert words[1] in targets, command


def test_every_page_is_in_the_index():
    index = (ROOT / "docs/README.md").read_text()
    folder = ROOT / "docs"
    for page in set(folder.rglob("*.md")) - {folder / "README.md"}:
        assert f"({page.relative_to(folder)})" in index, page.name


def test_every_public_name_is_in_the_handlers_page():
    import wherry

    page = "".join((ROOT / "docs" / name).read_text() for name in ("handlers.md", "errors.md"))
    missing = [
        name
        for name in set(wherry.__all__) - {"__version__"}
        if not re.search(rf"\b{name}\b", page)
    ]
    assert missing == []


def test_the_text_speaks_of_no_other_folder():
    """Pages of the project are whole without anything beside it."""
    for page in PAGES:
        assert "../shared" not in page.read_text(), page.name


def test_modules_named_in_the_map_exist():
    """`name` in the map of the code is a module, a folder or a name in the text of one."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    wings = ("runtime", "build", "local", "cli")
    sources = [path for wing in wings for path in ROOT.glob(f"{wing}/**/*.py")]
    code = "\n".join(path.read_text() for path in sources)
    for name in set(re.findall(r"`([a-z_]+)`", page)) - {"handle"}:
        modules = {path.stem for path in sources} | {path.parent.name for path in sources}
        assert name in modules or name in code, name


def test_the_function_on_the_front_page_works(tmp_path):
    from wherry import CloudEvent
    from wherry.loader import load
    from wherry.testing import invoke_event

    blocks = FENCE.findall((ROOT / "README.md").read_text())
    (tmp_path / "handler.py").write_text(next(code for kind, code in blocks if kind == "python"))
    handler = load(tmp_path)
    data = {"id": "A-1", "items": ["oar", "sail"]}
    order = CloudEvent(type="com.acme.order.placed", source="/shop", data=data)
    event = invoke_event(handler, order).event
    assert (event.type, event.data) == ("com.acme.order.accepted", {"id": "A-1", "items": 2})
    dropped = CloudEvent(type="com.acme.order.placed", source="/shop", data={"id": "A-1"})
    assert invoke_event(handler, dropped).status == 422


def test_the_answer_on_the_front_page_is_that_of_the_example():
    """The example's README is held to the real server; the front page is held to that."""
    from wherry_local.transcript import first_transcript

    page = (ROOT / "README.md").read_text()
    blocks = [block for kind, block in FENCE.findall(page) if kind == "console"]
    transcript = blocks[0].partition("$ make run\n")[2]
    readme = (ROOT / "functions/hello/README.md").read_text()
    printed = first_transcript(readme, "http://127.0.0.1:8080/function/hello/")
    assert transcript.splitlines() == printed


PROMISES = pytest.mark.parametrize("name", ["SECURITY.md", "docs/reliability.md"])


@PROMISES
def test_the_test_of_every_promise_is_there(name):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / name).read_text())
    assert len(named) > 10
    for path, test in named:
        source = ROOT / path
        assert source.is_file(), path
        assert re.search(rf"^(async )?def {test}\(", source.read_text(), re.MULTILINE), test


@PROMISES
def test_every_promise_has_a_test(name):
    promises = (ROOT / name).read_text().partition("## Promises\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \|$", promises, re.MULTILINE)
    assert len(rows) > 10
    assert all("`tests/" in row for row in rows if not row.startswith(("promise", "-", "---")))
