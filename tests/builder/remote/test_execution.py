"""Which engine an order goes to, with what, and what stands in the way."""

import json

import pytest
from tests.builder.remote.recording_builder import DIGEST, RecordingEngines

from wherry_build.errors import (
    BuildError,
    BuildUnsupported,
    ProjectError,
    RemoteBuildRefused,
    WheelNotFound,
)
from wherry_build.remote.build import Order
from wherry_build.remote.configuration import read_configuration
from wherry_build.remote.execution import carry_out
from wherry_build.remote.reporting import Reporter
from wherry_build.remote.shrinkwrap import House
from wherry_build.template import TEMPLATES

IMAGE = "ghcr.io/acme/hello:1.0"


@pytest.fixture
def carried(tmp_path):
    """Carry out an order for a context: `carried(context, engines, BASE="x")`; what was said."""

    def carried(context, engines, *, secrets=None, base="", config=None, **arguments):
        document = json.dumps({"image": IMAGE, "buildArgs": arguments, **(config or {})}).encode()
        order = Order(
            configuration=read_configuration(document),
            context=context,
            secrets=secrets or {},
            document=document,
        )
        said = []
        reference = carry_out(order, engines.engines, Reporter(said.append), House(base=base))
        return reference, said

    return carried


def test_a_function_of_ours_needs_no_dockerfile(carried, shrinkwrap):
    engines = RecordingEngines()
    reference, said = carried(
        shrinkwrap({"handler.py": "def handle(): ...\n", "requirements.txt": ""}),
        engines,
        config={"platforms": ["linux/amd64", "linux/arm64"]},
        ADDITIONAL_PACKAGE="",
    )
    assert reference == f"{IMAGE}@{DIGEST}"
    assert said == ["building", "publishing"]
    (request,) = engines.requests
    assert (request.reference, request.function.name) == (IMAGE, "hello")
    assert [str(each) for each in request.platforms] == ["linux/amd64", "linux/arm64"]
    assert (request.base, request.arguments, request.secrets) == ("", {}, {})
    assert request.wheels.folder is None
    assert engines.environments == [{}]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.style)
def test_every_template_of_ours(carried, shrinkwrap, template):
    engines = RecordingEngines()
    _, said = carried(shrinkwrap(language=template.language), engines)
    assert said == ["building", "publishing"]
    assert engines.requests[0].function.handler == "handler.py"


def test_what_the_template_left_in_the_folder_is_taken_out(carried, shrinkwrap):
    engines = RecordingEngines()
    carried(shrinkwrap({"main.py": "def handle(): ...\n", "test_main.py": ""}), engines)
    (files,) = engines.files
    assert {"main.py", "test_main.py"} <= set(files)
    assert not {"handler.py", "test_handler.py"} & set(files)


def test_one_that_is_not_pushed(carried, shrinkwrap):
    engines = RecordingEngines()
    reference, _ = carried(shrinkwrap(), engines, config={"skipPush": True})
    assert reference == IMAGE
    assert engines.published == []


@pytest.mark.parametrize(
    ("arguments", "base", "expected"),
    [
        ({}, "", ""),
        ({}, "debian:13", "debian:13"),
        ({"PYTHON_VERSION": "3.13"}, "debian:13", "python:3.13-slim"),
        ({"BASE": "a/b:1", "PYTHON_VERSION": "3.13"}, "debian:13", "a/b:1"),
    ],
)
def test_the_base(carried, shrinkwrap, arguments, base, expected):
    engines = RecordingEngines()
    carried(shrinkwrap(), engines, base=base, **arguments)
    assert engines.requests[0].base == expected


@pytest.mark.parametrize("arguments", [{"BASE": "A B"}, {"PYTHON_VERSION": "3/../x"}])
def test_a_base_that_is_none(carried, shrinkwrap, arguments):
    with pytest.raises(RemoteBuildRefused, match="build arguments"):
        carried(shrinkwrap(), RecordingEngines(), **arguments)


def test_where_wheels_come_from(carried, shrinkwrap, tmp_path):
    engines = RecordingEngines()
    context = shrinkwrap()
    (context / "wheels/extra-1-py3-none-any.whl").write_bytes(b"")
    _, said = carried(
        context,
        engines,
        secrets={"pip.conf": tmp_path / "a", "netrc": tmp_path / "b", "token": tmp_path / "c"},
        PIP_INDEX_URL="https://pypi.acme.example/simple",
        OTHER="x",
    )
    assert engines.environments == [
        {
            "PIP_INDEX_URL": "https://pypi.acme.example/simple",
            "PIP_CONFIG_FILE": str(tmp_path / "a"),
            "NETRC": str(tmp_path / "b"),
        }
    ]
    assert engines.requests[0].wheels.folder == context / "wheels"
    assert said[:2] == [
        "note: the build argument OTHER is not used",
        "note: the build secret token is not used: ca.pem, netrc, pip.conf are",
    ]


def test_another_version_of_the_template_is_told(carried, shrinkwrap):
    context = shrinkwrap()
    for wheel in (context / "wheels").glob("wherry-*.whl"):
        wheel.rename(wheel.with_name("wherry-9.9.9-py3-none-any.whl"))
    with (context / "Dockerfile").open("a") as file:
        file.write("RUN apt-get install curl\n")
    _, said = carried(context, RecordingEngines())
    assert "the template has 9.9.9" in said[0]
    assert "no Dockerfile is used" in said[1]


def test_a_folder_without_a_function_is_refused(carried, shrinkwrap):
    context = shrinkwrap()
    (context / "function/handler.py").unlink()
    with pytest.raises(ProjectError):
        carried(context, RecordingEngines())


@pytest.mark.parametrize("folder", ["../..", "/etc", "nowhere", "Dockerfile"])
def test_a_handler_folder_elsewhere_is_refused(carried, shrinkwrap, folder):
    context = shrinkwrap()
    (context / "template.yml").write_text(f"language: python3-wherry\nhandler_folder: {folder}\n")
    with pytest.raises(RemoteBuildRefused, match="handler_folder"):
        carried(context, RecordingEngines())


def test_a_wherry_yaml_that_is_sent_decides_nothing(carried, shrinkwrap):
    engines = RecordingEngines()
    carried(shrinkwrap({"wherry.yaml": "build:\n  base: evil/base\n"}), engines)
    assert engines.requests[0].base == ""


OTHERS = [
    "language: python3-http\n", "language: python3-wherry-9\n", "language: http\n", "", "[",
    "language: [python3-wherry]\n", "- python3-wherry\n", "language: dockerfile\nfprocess: ''\n",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_another_template_needs_an_engine_that_must_be_asked_for(carried, shrinkwrap, text):
    context = shrinkwrap()
    (context / "template.yml").write_text(text)
    with pytest.raises(RemoteBuildRefused, match="none of Wherry's") as refused:
        carried(context, RecordingEngines())
    assert "--docker" in refused.value.hint
    engines = RecordingEngines(has_docker=True)
    reference, said = carried(
        context, engines, secrets={"token": context / "x"}, config={"platforms": ["linux/arm64"]},
        ANY="thing",
    )  # fmt: skip
    assert reference == f"{IMAGE}@{DIGEST}"
    assert said[0] == "by docker of a test, because its template is none of Wherry's"
    (request,) = engines.contexts
    assert request.reference == IMAGE
    assert request.arguments == {"ANY": "thing"}
    assert request.secrets == {"token": context / "x"}
    assert str(request.platform) == "linux/arm64"
    assert (request.folder, request.entries) == (context, ())  # nothing of it is in memory
    assert engines.requests == []


def test_no_template_at_all(carried, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    engines = RecordingEngines(has_docker=True)
    assert carried(tmp_path, engines, config={"skipPush": True})[0] == IMAGE
    assert engines.pushed == []


def test_no_dockerfile_at_all(carried, tmp_path):
    with pytest.raises(RemoteBuildRefused, match="no Dockerfile"):
        carried(tmp_path, RecordingEngines(has_docker=True))


@pytest.mark.parametrize(
    "arguments", [{"ADDITIONAL_PACKAGE": "gcc libpq-dev"}, {"TEST_ENABLED": "true"}]
)
def test_what_only_steps_can_do(carried, shrinkwrap, arguments):
    with pytest.raises(RemoteBuildRefused, match=r"'gcc'|TEST_ENABLED"):
        carried(shrinkwrap(), RecordingEngines(), **arguments)
    engines = RecordingEngines(has_docker=True)
    carried(shrinkwrap(), engines, **arguments)
    assert engines.contexts[0].arguments == arguments


def test_what_must_be_compiled(carried, shrinkwrap):
    engines = RecordingEngines()
    engines.error = WheelNotFound("no wheel of thing", hint="--engine docker")
    with pytest.raises(WheelNotFound, match="no wheel of thing") as missing:
        carried(shrinkwrap(), engines)
    assert "--sources" in missing.value.hint
    engines = RecordingEngines(has_docker=True)
    engines.error = WheelNotFound("no wheel of thing", hint="--engine docker")
    _, said = carried(shrinkwrap(), engines)
    assert "because no wheel of thing" in said[1]


def test_several_platforms_by_a_dockerfile_are_refused(carried, shrinkwrap):
    context = shrinkwrap()
    (context / "template.yml").unlink()
    with pytest.raises(BuildUnsupported, match="2 platforms"):
        carried(
            context,
            RecordingEngines(has_docker=True),
            config={"platforms": ["linux/amd64", "linux/arm64"]},
        )


def test_an_error_of_the_engine_is_its_own(carried, shrinkwrap):
    engines = RecordingEngines()
    engines.error = BuildError("no")
    with pytest.raises(BuildError, match="no"):
        carried(shrinkwrap(), engines)
    assert engines.published == []


def test_transfers_are_told_once_a_second():
    now, said = [0.0], []
    reporter = Reporter(said.append, clock=lambda: now[0])
    for done in range(50):
        now[0] = done / 10
        reporter.moved("layer", done * 1_000_000, 50_000_000)
        reporter.moved("other", done * 1_000_000, None)
    assert said[::2] == [f"layer: {n}.0 of 50.0 MB" for n in (10, 20, 30, 40)]
    assert said[1] == "other: 10.0 MB"
