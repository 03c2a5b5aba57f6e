"""`wherry render`."""

import yaml


def test_stdout_is_one_stream(wherry, here):
    wherry("new", "hello")
    wherry("new", "orders", "--template", "events")
    done = wherry("render", "--target", "knative", "--registry", "ghcr.io/acme", "-n", "fns")
    assert done.code == 0
    assert done.err.startswith("warning: named by a tag, which may come to mean another image: ")
    assert len(done.err.splitlines()) == 1
    kinds = [(item["kind"], item["metadata"]["name"]) for item in yaml.safe_load_all(done.out)]
    assert kinds == [("Service", "hello"), ("Service", "orders"), ("Trigger", "orders")]


def test_a_folder_gets_one_object_a_file(wherry, here):
    wherry("new", "hello")
    arguments = ("--target", "knative", "--mesh", "istio", "--host", "a.example.com", "-o", "out")
    done = wherry("render", *arguments)
    assert done.code == 0
    assert done.out == ""
    assert done.err.splitlines()[-1] == "wrote 4 files to out"
    files = sorted(path.name for path in (here / "out").iterdir())
    assert files == [
        "10-service-hello.yaml",
        "30-gateway.yaml",
        "31-virtual-service.yaml",
        "kustomization.yaml",
    ]


def test_a_stack_with_a_folder_brings_the_template(wherry, here):
    wherry("new", "hello")
    assert wherry("render", "--target", "openfaas", "-o", "deploy").code == 0
    stack = yaml.safe_load((here / "deploy/stack.yaml").read_text())
    assert stack["functions"]["hello"]["handler"] == "../functions/hello"
    template = here / "deploy/template" / stack["functions"]["hello"]["lang"]
    assert (template / "Dockerfile").is_file()
    assert len(list((template / "wheels").glob("wherry-*.whl"))) == 1


def test_one_function_of_several(wherry, here):
    wherry("new", "a")
    wherry("new", "b")
    done = wherry("render", "--target", "openfaas", "--function", "b")
    assert list(yaml.safe_load(done.out)["functions"]) == ["b"]


def test_warnings_are_on_the_standard_error(wherry, here):
    wherry("new", "hello")
    done = wherry("render", "--target", "knative")
    assert "warning: images are in 'dev.local'" in done.err


def test_a_mesh_needs_a_host(wherry, here):
    wherry("new", "hello")
    done = wherry("render", "--target", "knative", "--mesh", "istio")
    assert done.code == 2
    assert "hint: --host" in done.err
