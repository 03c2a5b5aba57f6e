"""`wherry render`."""

import yaml


def test_stdout_is_one_stream(wherry, here):
    wherry("new", "hello")
    wherry("new", "orders", "--template", "events")
    done = wherry("render", "--target", "knative", "--registry", "ghcr.io/acme", "-n", "fns")
    assert done.code == 0
    tagged, broker = done.err.splitlines()
    assert tagged.startswith("warning: named by a tag, which may come to mean another image: ")
    assert broker.startswith("warning: broker 'default', of trigger orders, is not declared")
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
        "30-gateway-functions.yaml",
        "31-virtual-service-functions.yaml",
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


def test_the_wheel_of_an_older_version_leaves_with_it(wherry, here):
    """pip would find two versions of the runtime in one template."""
    wherry("new", "hello")
    wherry("render", "--target", "openfaas", "-o", "deploy")
    folder = here / "deploy/template/python3-wherry"
    (wheel,) = folder.glob("wheels/*.whl")
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(wheel.name, "wherry-0.0-py3-none-any.whl"))
    wheel.rename(wheel.with_name("wherry-0.0-py3-none-any.whl"))
    assert wherry("render", "--target", "openfaas", "-o", "deploy").code == 0
    assert [each.name for each in folder.glob("wheels/*.whl")] == [wheel.name]


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


def test_what_is_lost_for_one_reason_is_told_in_one_line(wherry, here):
    wherry("new", "hello")
    (here / "wherry.yaml").write_text(
        "functions: {hello: {}}\nhosts: {a.example.com: {tls: {secret: s}}}\n"
        "routes: {r: {host: a.example.com, path: {exact: /a}, function: hello}}\n"
    )
    done = wherry("render", "--target", "kubernetes", "-o", "out")
    told = [line for line in done.err.splitlines() if line.startswith("lost: ")]
    reason = "nothing here carries routes; choose a --mesh"
    assert told == [f"lost: hosts.a.example.com.tls.secret, routes.r (3 keys): {reason}"]
    page = (here / "out/LOSSES.md").read_text()
    assert "| routes.r.path.exact | nothing here carries routes | choose a --mesh |" in page


def test_a_canary_is_a_folder_for_each_step(wherry, here):
    wherry("new", "hello")
    (here / "wherry.yaml").write_text(
        "functions: {hello: {revisions: {v1: {percent: 80}, v2: {percent: 20}}}}\n"
    )
    arguments = ("render", "--target", "knative", "--canary")
    done = wherry(*arguments, "-o", "out")
    assert done.code == 0
    folders = sorted(path.name for path in (here / "out").iterdir() if path.is_dir())
    assert folders == ["1-deploy", "2-shift-20", "3-promote", "9-abort"]
    assert (here / "out/README.md").is_file()
    assert wherry(*arguments).code == 2
    assert wherry("render", "--target", "knative", "--step", "5", "-o", "out").code == 2


def test_what_an_earlier_rendering_left_is_told_and_pruned_when_asked(wherry, here):
    wherry("new", "hello")
    wherry("new", "orders")
    arguments = ("render", "--target", "knative", "--registry", "r", "-o", "out")
    wherry(*arguments)
    (here / "out/notes.yaml").write_text("mine: true\n")
    done = wherry(*arguments, "--function", "hello")
    assert "10-service-orders.yaml is left from before; --prune deletes it" in done.err
    done = wherry(*arguments, "--function", "hello", "--prune")
    assert "deleted out/10-service-orders.yaml" in done.err
    there = sorted(path.name for path in (here / "out").iterdir())
    assert there == ["10-service-hello.yaml", "kustomization.yaml", "notes.yaml"]


def test_a_platform_that_ended_is_told_with_what_to_use(wherry, here):
    wherry("new", "hello")
    done = wherry("render", "--target", "kubeless")
    assert done.code == 2
    assert "Kubeless ended in December 2021" in done.err
    assert "--target knative" in done.err
