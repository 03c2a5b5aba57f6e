"""`wherry lint`: what it prints, what it rewrites, and what it ends with."""

import json
import subprocess
import sys

import pytest

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders # the shop's
  namespace: shop
spec:
  template:
    metadata:
      labels:
        app: orders
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
        - name: orders
          image: ghcr.io/acme/orders:1.4
"""
FIXED = WORKLOAD.replace(
    "spec:\n  template", "spec:\n  selector:\n    matchLabels:\n      app: orders\n  template"
)


@pytest.fixture
def file(here):
    path = here / "orders.yaml"
    path.write_text(WORKLOAD)
    return path


def test_an_error_ends_with_1(wherry, file):
    done = wherry("lint", "orders.yaml")
    assert done.code == 1
    assert done.out.startswith("orders.yaml:6:1: error K8S001 Deployment shop/orders: ")
    assert done.out.endswith("1 error, 0 warnings in 1 file; --fix may put 1 right\n")
    assert done.err == ""


def test_nothing_and_warnings_end_with_0(wherry, file):
    file.write_text(FIXED)
    assert wherry("lint", ".") == (0, "nothing found in 1 file\n", "")
    file.write_text(FIXED.replace(":1.4", ":latest"))
    done = wherry("lint", ".")
    assert (done.code, done.out.count("K8S007")) == (0, 1)
    assert wherry("lint", ".", "--strict").code == 1


def test_fix_rewrites_and_tells_on_stderr(wherry, file):
    done = wherry("lint", ".", "--fix")
    assert (done.code, done.out) == (0, "nothing found in 1 file\n")
    assert file.read_text() == FIXED
    assert "fixed orders.yaml: K8S001" in done.err
    assert "+  selector:" in done.err
    assert wherry("lint", ".", "--fix").err == ""


def test_rules_are_chosen_in_any_case_and_by_commas(wherry, file):
    assert wherry("lint", ".", "--ignore", "k8s001,IST").code == 0
    assert wherry("lint", ".", "--select", "K8S007", "--select", "k8s001").code == 1


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_report_for_programs_is_all_of_stdout(wherry, file, form):
    done = wherry("lint", ".", "--format", form)
    assert done.code == 1
    assert "K8S001" in json.dumps(json.loads(done.out))


def test_a_report_for_github(wherry, file):
    done = wherry("lint", ".", "--format", "github")
    assert done.out.startswith("::error file=orders.yaml,line=6,col=1,title=K8S001::")
    file.write_text(FIXED)
    assert wherry("lint", ".", "--format", "github") == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("absent",), "absent: there is no such file or folder"),
        (("notes.txt",), "got '.txt', expected one of"),
        ((".", "--select", "K9S"), "rule 'K9S': there is none"),
        ((".", "--format", "xml"), "'xml' is not one of"),
    ],
)
def test_wrong_input_ends_with_2(wherry, file, arguments, said):
    (file.parent / "notes.txt").write_text("")
    done = wherry("lint", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "hint: " in done.err


def test_without_its_library_it_says_what_to_install(wherry, file, monkeypatch):
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    done = wherry("lint", ".")
    assert done.code == 3
    assert "pip install 'wherry[lint]'" in done.err


def test_no_other_command_loads_the_linter():
    code = (
        "import sys\nfrom wherry_cli.main import run\nrun(['--help'])\nrun(['lint', '--help'])\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert not {each for each in loaded if each.startswith(("ruamel", "wherry_build.lint"))}
    assert "crossplane" not in loaded
