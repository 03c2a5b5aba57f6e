"""The commands, where a wherry.yaml says more than the folders."""

import json
import os
import urllib.request

import yaml

HANDLER = "import os\ndef handle(request): return os.environ.get('GREETING', '-')\n"


def write(here, text, *names):
    (here / "wherry.yaml").write_text(text)
    for name in names:
        folder = here / "functions" / name
        folder.mkdir(parents=True)
        (folder / "handler.py").write_text(HANDLER)


def test_render_uses_what_it_can_and_tells_the_rest(wherry, here):
    text = """
namespace: fns
registry: {prefix: ghcr.io/acme}
functions: {hello: {timeout: 7s, scale: {max: 3}, secrets: [s]}}
routes: {r: {function: hello}}
environments: {staging: {namespace: fns-staging}}
"""
    write(here, text, "hello")
    done = wherry("render", "--target", "knative")
    assert done.code == 0
    service = yaml.safe_load(done.out)
    assert service["metadata"]["namespace"] == "fns"
    template = service["spec"]["template"]
    assert template["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"] == "3"
    assert template["spec"]["containers"][0]["image"] == "ghcr.io/acme/hello:latest"
    assert [line for line in done.err.splitlines() if line.startswith("lost: routes")] == [
        "lost: routes.r.function: nothing here carries routes; choose a --mesh"
    ]
    assert wherry("render", "--target", "knative", "--strict").code == 2
    done = wherry("render", "--target", "knative", "--env", "staging", "--registry", "r")
    service = yaml.safe_load(done.out)
    assert service["metadata"]["namespace"] == "fns-staging"
    assert service["spec"]["template"]["spec"]["containers"][0]["image"] == "r/hello:latest"


def test_every_fault_is_told_and_the_code_is_2(wherry, here):
    write(here, "tigger: {}\nfunctions: {hello: {timeout: 1}}\n", "hello")
    done = wherry("render", "--target", "openfaas")
    assert done.code == 2
    assert done.out == ""
    assert "error: 2 faults" in done.err
    assert "unknown key 'tigger' at wherry.yaml:1:1, did you mean 'triggers'?" in done.err
    assert "timeout at wherry.yaml:2:30: got 1, a whole number" in done.err


def test_build_uses_the_project(wherry, here):
    write(here, "functions: {pay: {handler: functions/hello, image: a/b}}", "hello", "other")
    done = wherry("build", "--print-dockerfile")
    assert done.code == 0
    assert done.out == wherry("build", "functions/hello", "--print-dockerfile").out
    assert "FROM " in done.out
    assert wherry("build", "--env", "x", "--print-dockerfile").code == 2


def test_run_gives_a_function_its_variables(serving, here):
    text = "functions: {a: {environment: {GREETING: from-a}}, b: {handler: functions/other}}"
    write(here, text, "a", "other")
    running = serving("--port", "0", ".")
    with urllib.request.urlopen(running.url("a"), timeout=10) as answer:
        assert answer.read() == b"from-a"
    with urllib.request.urlopen(running.url("b"), timeout=10) as answer:
        assert answer.read() == b"-"


def test_functions_that_share_a_process_may_not_contradict_each_other(wherry, here):
    text = "functions: {a: {environment: {GREETING: x}}, b: {environment: {GREETING: y}}}"
    write(here, text, "a", "b")
    done = wherry("run", "--together")
    assert done.code == 2
    assert "wherry.yaml gives GREETING to several functions" in done.err


def test_what_is_set_where_it_runs_wins(here, monkeypatch):
    from wherry_build.project import read_project
    from wherry_cli.declared import run_environment, unused_by_run

    said = "environment: {A: file, B: file}, timeout: 5s, concurrency: 3, secrets: [s]"
    text = f"functions: {{a: {{{said}}}}}"
    write(here, text, "a")
    monkeypatch.setenv("A", "shell")
    project = read_project(here)
    given = run_environment(project, project.functions[0])
    assert given == {
        "WHERRY_FUNCTION": "a", "WHERRY_TIMEOUT": "5s", "WHERRY_MAX_INFLIGHT": "3", "B": "file",
    }  # fmt: skip
    (told,) = unused_by_run(project)
    assert told.startswith("not yet used by wherry run: functions.a.secrets; WHERRY_SECRETS_PATH")
    assert os.environ["A"] == "shell"


def test_the_schema_is_printed_or_written(wherry, here):
    printed = wherry("schema")
    assert printed.code == 0
    assert json.loads(printed.out)["title"] == "wherry.yaml"
    assert wherry("schema", "-o", "s.json").code == 0
    assert (here / "s.json").read_text() == printed.out
