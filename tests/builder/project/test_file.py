"""A project is read from its wherry.yaml and its folders, and what handlers say is merged."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wherry_build.errors import (
    BuildError,
    ExtraMissing,
    FunctionsNotFound,
    ProjectError,
    ProjectFileInvalid,
)
from wherry_build.manifests import RenderOptions, Target, render
from wherry_build.project import Resources, Scale, declared_project, read_project

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
HTTP = "def handle(request): return 'hi'\n"
GET = "from wherry import http\n@http(methods=['get'])\ndef handle(request): return 'hi'\n"
EVENTS = "from wherry import cloud_event\n@cloud_event(type=['a', 'b'])\ndef handle(event): ...\n"


@pytest.fixture
def project(write, monkeypatch):
    """Write a project and stand in it: `project("functions: ...", hello=HTTP)`."""

    def project(text, **handlers):
        files = {f"functions/{name}/handler.py": source for name, source in handlers.items()}
        root = write({**files, "wherry.yaml": text})
        monkeypatch.chdir(root)
        return root

    return project


def faults(root, **options):
    with pytest.raises(ProjectError) as caught:
        read_project(root, **options)
    assert caught.value.exit_code == 2
    return caught.value.message


def test_what_is_said_of_a_function(project):
    root = project(
        """
functions:
  hello:
    environment: {A: "1"}
    labels: {team: x}
    annotations: {acme.com/a: b}
    resources: {requests: {cpu: 1, memory: 512Mi}}
    scale: {min: 12, target: 5}
    concurrency: 7
    timeout: 2m
""",
        hello=HTTP,
        other=HTTP,
    )
    (function,) = read_project(root).functions
    assert function.name == "hello"
    assert function.folder == root / "functions/hello"
    assert function.environment == {"A": "1"}
    assert function.labels == {"team": "x"}
    assert function.annotations == {"acme.com/a": "b"}
    assert function.resources == Resources(
        cpu_request="1", memory_request="512Mi", memory_limit="512Mi"
    )
    assert function.scale == Scale(least=12, most=12, target=5)
    assert (function.concurrency, function.timeout_s) == (7, 120)


@pytest.mark.parametrize(
    ("said", "resources"),
    [
        ("{}", Resources()),
        ("{limits: {memory: 64Mi}}", Resources(memory_request="64Mi", memory_limit="64Mi")),
        ("{limits: {cpu: 2}}", Resources(cpu_request="2")),
    ],
)
def test_what_is_not_said_of_resources_follows_what_is(project, said, resources):
    root = project(f"functions: {{hello: {{resources: {said}}}}}", hello=HTTP)
    assert read_project(root).functions[0].resources == resources


@pytest.mark.parametrize(
    ("said", "scale"),
    [
        ("{}", Scale()),
        ("{zero: false}", Scale(least=1)),
        ("{max: 3}", Scale(most=3)),
        ("{metric: rps, target: 500}", Scale()),
    ],
)
def test_what_is_not_said_of_scale_follows_what_is(project, said, scale):
    root = project(f"functions: {{hello: {{scale: {said}}}}}", hello=HTTP)
    assert read_project(root).functions[0].scale == scale


def test_a_file_without_functions_takes_those_of_the_folders(project):
    root = project("namespace: fns", hello=HTTP, other=HTTP)
    made = read_project(root)
    assert [function.name for function in made.functions] == ["hello", "other"]
    assert made.namespace == "fns"


def test_a_name_is_looked_up_among_the_folders_then(project):
    root = project("schedules: {s: {cron: '@daily', function: helo}}", hello=HTTP)
    assert "unknown function 'helo' at wherry.yaml:1:" in faults(root)


@pytest.mark.parametrize("handler", ["services/pay", "services/pay/handler.py", "services/pay.py"])
def test_a_handler_may_be_anywhere_below(project, write, handler):
    root = project(f"functions: {{pay: {{handler: {handler}}}}}")
    write({handler if handler.endswith(".py") else f"{handler}/handler.py": HTTP})
    (function,) = read_project(root).functions
    assert function.name == "pay"
    assert (function.folder / function.handler).is_file()


def test_a_folder_that_is_no_function(project):
    root = project("functions:\n  hello: {handler: nowhere}\n  other: {}\n", there=HTTP)
    said = faults(root)
    assert "handler of 'hello' at wherry.yaml:2:20: got 'nowhere', where no handler is" in said
    assert "handler of 'other' at wherry.yaml:3:" in said


def test_a_part_of_a_project_has_what_is_said_of_it(project):
    root = project("functions: {a: {timeout: 5s}, b: {}}", a=HTTP, b=HTTP, c=HTTP)
    for path in ("functions/a", "functions/a/handler.py"):
        (function,) = read_project(root / path).functions
        assert (function.name, function.timeout_s) == ("a", 5)
    assert [each.name for each in read_project(root / "functions").functions] == ["a", "b"]
    assert read_project(root / "functions/c").functions[0].timeout_s == 30


def test_a_file_above_the_working_folder_is_never_taken(project, monkeypatch):
    root = project("functions: {a: {timeout: 5s}}", a=HTTP)
    monkeypatch.chdir(root / "functions")
    assert read_project(root / "functions/a").functions[0].timeout_s == 30
    assert declared_project(root / "functions/a") is None


def test_a_name_for_one_and_not_for_several(project):
    root = project("functions: {a: {timeout: 5s}, b: {}}", a=HTTP, b=HTTP)
    (function,) = read_project(root / "functions/a", name="c").functions
    assert (function.name, function.timeout_s) == ("c", 5)
    with pytest.raises(ProjectError, match="more than one function: a, b"):
        read_project(root, name="c")


def test_an_environment_needs_a_file_that_knows_it(project, tmp_path):
    root = project(
        "functions: {a: {}}\nenvironments: {s: {functions: {a: {timeout: 5s}}}}", a=HTTP, b=HTTP
    )
    assert read_project(root, environment="s").functions[0].timeout_s == 5
    assert "unknown environment 't' at wherry.yaml:2:" in faults(root, environment="t")
    with pytest.raises(FunctionsNotFound, match="no function of"):
        read_project(root / "functions/b", environment="s")
    (root / "wherry.yaml").unlink()
    assert "no wherry.yaml" in faults(root, environment="s")


def test_types_may_be_narrowed(project):
    root = project("functions: {a: {event_types: [b]}}", a=EVENTS)
    assert read_project(root).functions[0].declarations.event_types == ("b",)


def test_methods_are_read_and_may_be_narrowed(project):
    root = project("functions: {a: {methods: [GET]}, b: {}}", a=GET, b=GET)
    methods = [function.declarations.methods for function in read_project(root).functions]
    assert methods == [("GET",), ("GET", "HEAD")]


@pytest.mark.parametrize(
    ("source", "text", "said"),
    [
        (
            EVENTS,
            "functions: {a: {event_types: [b, c]}}",
            "of 'a' does not take, expected one of a, b",
        ),
        (HTTP, "functions: {a: {event_types: [b]}}", "takes plain requests only"),
        (
            GET,
            "functions: {a: {methods: [GET, POST]}}",
            "does not answer, expected one of GET, HEAD",
        ),
        (
            EVENTS,
            "triggers: {t: {function: a, filters: [{exact: {type: c}}]}}",
            "'c', which handler.py",
        ),
        (
            EVENTS,
            "triggers: {t: {function: a, filters: [{any: [{exact: {type: c}}]}]}}",
            "'c', which handler.py",
        ),
        (GET, "triggers: {t: {function: a}}", "'a', which answers GET, HEAD only"),
    ],
)
def test_contradictions(project, source, text, said):
    found = faults(project(text, a=source))
    assert said in found
    assert " at wherry.yaml:1:" in found


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (HTTP, "triggers: {t: {function: a, filters: [{exact: {type: c}}]}}"),
        (EVENTS, "triggers: {t: {function: a, filters: [{not: {exact: {type: c}}}]}}"),
        (
            "import x\n" + EVENTS.replace("['a', 'b']", "x.TYPES"),
            "functions: {a: {event_types: [c]}}",
        ),
        ("import x\n" + GET.replace("['get']", "x.METHODS"), "functions: {a: {methods: [POST]}}"),
    ],
)
def test_what_is_no_contradiction(project, source, text):
    read_project(project(text, a=source))


def test_methods_that_only_running_would_tell_are_not_told_of(project):
    root = project("{}", a="import x\n" + GET.replace("['get']", "x.METHODS"))
    assert read_project(root).functions[0].declarations.unclear == ()


def test_without_ruamel_a_hint_says_what_to_install(project, monkeypatch):
    root = project("functions: {a: {}}", a=HTTP)
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    assert read_project(root).functions  # nothing of it is unusual
    (root / "wherry.yaml").write_text("functions: &all {a: {}}")
    with pytest.raises(ExtraMissing) as caught:
        read_project(root)
    assert isinstance(caught.value, BuildError)
    extra = re.fullmatch(r"pip install 'wherry\[(\w+)\]'", caught.value.hint)[1]
    told = re.search(rf"^{extra} = (.*?\])$", PYPROJECT.read_text(), re.MULTILINE | re.DOTALL)
    assert "ruamel.yaml" in told[1]


def test_without_a_file_nothing_that_reads_one_is_imported(write, monkeypatch):
    root = write({"functions/a/handler.py": HTTP})
    code = (
        "import sys; from pathlib import Path; from wherry_build.project import declared_project\n"
        "assert declared_project(Path('functions/a')) is None\n"
        "print([m for m in sys.modules if 'ruamel' in m or 'specification' in m or 'reading' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_files_of_variables_are_read_and_the_file_itself_wins(project):
    root = project(
        """
functions:
  a:
    environment: {BOTH: mine}
    environment_files: [one.env, two.yaml]
""",
        a=HTTP,
    )
    (root / "one.env").write_text("# comment\nA=1\nexport B='x y'\nBOTH=theirs\nF=${A}\n")
    (root / "two.yaml").write_text("environment:\n  A: 2\n  YES: true\n")
    (function,) = read_project(root).functions
    assert function.environment == {
        "A": "2", "B": "x y", "BOTH": "mine", "F": "${A}", "YES": "true",
    }  # fmt: skip


def test_a_sink_and_a_file_with_the_same_are_told(project):
    text = "functions: {a: {environment_files: [v.env], sink: {url: 'http://b'}}}"
    root = project(text, a=HTTP)
    (root / "v.env").write_text("K_SINK=http://s3cret\n")
    told = faults(root)
    assert told == (
        "sink of 'a' at wherry.yaml:1:51: got K_SINK in 'v.env' besides, expected one of the two"
    )
    (root / "v.env").write_text("A=1\n")
    assert read_project(root).functions[0].environment == {"A": "1"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("v.env", b"A=1\n= s3cret\n", "line at v.env:2:1: expected `NAME=value`"),
        ("v.env", b"A=1\nNAKED\n", "line at v.env:2:1: expected `NAME=value`"),
        ("v.env", b"PORT=s3cret\n", "variable at v.env:1:1"),
        ("v.env", b"\xff", "not UTF-8 at v.env:1:1"),
        ("v.yaml", b"environment: {A: [s3cret]}", "variable 'A' at v.yaml:1:18"),
        ("v.yaml", b"A: s3cret", "file of variables at v.yaml:1:1: expected a map `environment`"),
        ("v.yml", b"", "file of variables at v.yml:1:1"),
        (None, b"", "file of variables 'gone' at wherry.yaml:1:37: got no such file"),
    ],
)
def test_a_file_of_variables_that_is_none_is_told_without_its_values(
    project, monkeypatch, name, content, told
):
    root = project(f"functions: {{a: {{environment_files: [{name or 'gone'}]}}}}", a=HTTP)
    if name:
        (root / name).write_bytes(content)
    monkeypatch.chdir(root)
    with pytest.raises(ProjectFileInvalid) as raised:
        read_project(root)
    assert told in raised.value.message
    assert "s3cret" not in raised.value.message


def test_the_lock_of_images_is_read(project):
    root = project("functions: {a: {}}", a=HTTP)
    digest = "sha256:" + "a" * 64
    (root / "wherry.lock").write_text(
        json.dumps({"version": 1, "images": {"r/acme/a:latest": digest}})
    )
    made = render(read_project(root), RenderOptions(target=Target.KNATIVE, registry="r/acme"))
    assert f"r/acme/a:latest@{digest}" in made.stream()
    assert not [each for each in made.warnings if "tag" in each]


@pytest.mark.parametrize(
    "lock",
    ["", "[]", "{}", '{"version": 2}', '{"version": 1}', '{"version": 1, "images": {"a": "b"}}'],
)
def test_a_lock_that_is_none_is_told(project, lock):
    root = project("functions: {a: {}}", a=HTTP)
    (root / "wherry.lock").write_text(lock)
    with pytest.raises(ProjectError, match=r"wherry\.lock: ") as raised:
        read_project(root)
    assert raised.value.hint
