"""What is read from files and folders, where each key stands, and what cannot be read."""

import pytest

from wherry_build.errors import LintError
from wherry_build.lint.document import Form
from wherry_build.lint.finding import Place
from wherry_build.lint.source import read, read_text

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: orders\n  namespace: shop\n"
NGINX = "events {}\nhttp {\n  server { listen 8080; }\n}\n"
ENVOY = "static_resources:\n  listeners: []\n"
STACK = "provider:\n  name: openfaas\nfunctions:\n  hello:\n    handler: ./hello\n"


def config_map(key, text, *, indent="    "):
    lines = "".join(f"{indent}{line}\n" for line in text.splitlines())
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: proxy\n  namespace: shop\n"
        f"data:\n  {key}: |\n{lines}"
    )


@pytest.mark.parametrize(
    ("text", "path", "form"),
    [
        (SERVICE, "a.yaml", Form.KUBERNETES),
        ('{"apiVersion": "v1", "kind": "Service"}', "a.json", Form.KUBERNETES),
        (ENVOY, "a.yaml", Form.ENVOY),
        ('{\n\t"static_resources": {}\n}', "a.json", Form.ENVOY),
        (STACK, "stack.yaml", Form.STACK),
        (NGINX, "nginx.conf", Form.NGINX),
        ("functions:\n  hello: {handler: functions/hello}\n", "wherry.yaml", Form.OTHER),
        ("a: 1\n", "a.yaml", Form.OTHER),
        ("- 1\n", "a.yaml", Form.OTHER),
    ],
)
def test_what_a_document_is_is_told_by_its_content(text, path, form):
    (document,) = read_text(text, path).documents
    assert document.form is form


def test_a_conf_of_something_else_is_left_alone():
    assert read_text("[section]\nkey = value\n", "setup.conf").documents == ()


def test_several_documents_and_a_list_of_objects():
    items = "".join("  - " + SERVICE.replace("\n", "\n    ").rstrip() + "\n" for _ in range(2))
    reading = read_text(f"{SERVICE}---\n\n---\napiVersion: v1\nkind: List\nitems:\n{items}")
    assert [document.subject for document in reading.documents] == ["Service shop/orders"] * 3
    assert [document.place("kind").line for document in reading.documents] == [2, 13, 18]


def test_a_key_an_item_and_what_is_not_written_have_a_place():
    reading = read_text(
        "kind: Service\napiVersion: v1\nspec:\n  ports:\n    - port: 80\n", "a.yaml"
    )
    (document,) = reading.documents
    assert document.place() == Place(path="a.yaml", line=1, column=1)
    assert document.place("spec", "ports") == Place(path="a.yaml", line=4, column=3)
    assert document.place("spec", "ports", 0) == Place(path="a.yaml", line=5, column=7)
    assert document.place("spec", "ports", 0, "port") == Place(path="a.yaml", line=5, column=7)
    assert document.place("spec", "ports", 0, "name", "x") == document.place("spec", "ports", 0)


@pytest.mark.parametrize(("text", "form"), [(NGINX, Form.NGINX), (ENVOY, Form.ENVOY)])
def test_a_configuration_inside_a_config_map_has_its_place_in_the_file(text, form):
    outer, inner = read_text(config_map("proxy.cfg", text)).documents
    assert inner.form is form
    assert inner.subject == outer.subject == "ConfigMap shop/proxy"
    assert inner.at_line(2, 3) == Place(path="-", line=9, column=7)


def test_one_whose_lines_cannot_be_told_stands_at_its_key():
    text = config_map("a", "b").replace("  a: |\n    b\n", '  nginx.conf: "events {}\\nhttp {}"\n')
    _, inner = read_text(text).documents
    assert inner.at_line(2, 3) == Place(path="-", line=7, column=3)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: [1\n", 2, 1, "expected ',' or ']'"),
        ("a: 1\na: 2\n", 2, 1, 'duplicate key "a"'),
        ("a:\n\tb: 1\n", 2, 1, "cannot start any token"),
        ("[" * 5000, 1, 1, "nested too deep"),
        ("- " * 5000, 1, 1, "nested too deep"),
        ("a: *nobody\n", 1, 4, "undefined alias"),
        (config_map("envoy.yaml", "static_resources:\n  a: ]\n"), 9, 10, "envoy.yaml: "),
    ],
)
def test_what_cannot_be_read_is_a_finding(text, line, column, said):
    (finding,) = read_text(text).unreadable
    assert (finding.rule, finding.line, finding.column) == ("LNT001", line, column)
    assert said in finding.message


def test_documents_before_a_fault_are_kept():
    reading = read_text(f"{SERVICE}---\na: ]\n")
    assert [document.name for document in reading.documents] == ["orders"]
    assert len(reading.unreadable) == 1


@pytest.mark.parametrize(
    "slip",
    [
        SERVICE.replace("name: orders", "name:orders"),
        SERVICE.replace("  namespace", "   namespace"),
        SERVICE.replace("\nkind", "\n kind"),
    ],
)
def test_the_rest_of_a_file_with_a_slip_is_judged_as_it_was_meant(slip):
    reading = read_text(slip)
    assert len(reading.unreadable) == 1
    assert [document.subject for document in reading.documents] == ["Service shop/orders"]
    assert not reading.sources[0].is_whole


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
    (finding,) = read([tmp_path]).unreadable
    assert (finding.line, finding.rule) == (2, "LNT001")


def test_a_folder_is_read_in_order_without_what_is_no_manifest(tmp_path):
    for path in (
        "b.yaml",
        "a/c.yml",
        "a/d.json",
        "a/e.txt",
        ".git/f.yaml",
        "node_modules/g.yaml",
        "chart/Chart.yaml",
        "chart/templates/h.yaml",
        "chart/crds/i.yaml",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("{}")
    reading = read([tmp_path, tmp_path / "b.yaml"])
    names = [source.path.removeprefix(f"{tmp_path}/") for source in reading.sources]
    assert names == [
        "b.yaml",
        "a/c.yml",
        "a/d.json",
        "chart/Chart.yaml",
        "chart/crds/i.yaml",
    ]


@pytest.mark.parametrize(("name", "said"), [("none.yaml", "no such"), ("a.txt", "got '.txt'")])
def test_a_path_that_cannot_be_linted(tmp_path, name, said):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(LintError, match=said):
        read([tmp_path / name])
