"""What is to be built: wherry.yaml's `build`, the command line over it, and the engine."""

import pytest

from wherry_build.errors import InvalidName, ProjectError
from wherry_build.image.plan import BuildOptions, divided, plan_builds
from wherry_build.image.platform import Platform
from wherry_build.project import read_project
from wherry_build.project.build_engine import Engine
from wherry_build.project.image_lock import ImageLock
from wherry_build.values import replaced

DIGEST = "sha256:" + "a" * 64
FUNCTION = "def handle(request): ...\n"


@pytest.fixture
def planned(tmp_path):
    """Plan a project of functions `a` and `b`: `planned("build: {...}")`."""

    def planned(text="", lock=None, **options):
        for name in "ab":
            (tmp_path / "functions" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "functions" / name / "handler.py").write_text(FUNCTION)
        if text:
            (tmp_path / "wherry.yaml").write_text(f"version: 1\n{text}\n")
        return plan_builds(read_project(tmp_path), BuildOptions(**options), lock or ImageLock())

    return planned


def test_nothing_is_said(planned):
    first, second = planned()
    assert (first.engine, first.reason, first.may_change) == (Engine.OCI, "", True)
    assert first.request.reference == "dev.local/a:latest"
    assert second.request.reference == "dev.local/b:latest"
    assert first.request.base == "python:3.12-slim"
    assert first.request.platforms == ()


def test_a_function_says_more_than_its_project(planned):
    text = """
registry: {prefix: ghcr.io/acme}
build: {base: python:3.13-slim, platforms: [linux/arm64], labels: {team: x, tier: one}}
functions:
  a: {build: {base: acme/base:1, labels: {tier: two}}}
  b: {image: docker.io/acme/bee}
"""
    first, second = (plan.request for plan in planned(text))
    assert (first.reference, second.reference) == ("ghcr.io/acme/a:latest", "docker.io/acme/bee")
    assert (first.base, second.base) == ("acme/base:1", "python:3.13-slim")
    assert first.platforms == (Platform(architecture="arm64"),)
    assert first.labels == {"team": "x", "tier": "two"}


def test_the_command_line_says_most(planned):
    text = "registry: {prefix: ghcr.io/acme}\nbuild: {base: x, platforms: [linux/arm64]}"
    amd = Platform(architecture="amd64")
    asked = planned(text, registry="", tag="2", base="y", platforms=(amd,), labels={"a": "b"})
    request = asked[0].request
    assert (request.reference, request.base, request.platforms) == ("a:2", "y", (amd,))
    assert request.labels == {"a": "b"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("packages: [libpq5=1]", "the package 'libpq5=1' of the distribution"),
        ("dockerfile: own/Dockerfile", "a Dockerfile, 'Dockerfile'"),
        ("arguments: {LEVEL: '3'}", "the build argument 'LEVEL'"),
        ("secrets: {netrc: own/netrc}", "the build secret 'netrc'"),
    ],
)
def test_what_needs_docker_is_told(planned, tmp_path, said, reason):
    (tmp_path / "own").mkdir()
    for name in ("Dockerfile", "netrc"):
        (tmp_path / "own" / name).touch()
    text = f"functions: {{a: {{build: {{{said}}}}}, b: {{}}}}"
    first, second = planned(text)
    assert (first.engine, first.may_change) == (Engine.DOCKER, False)
    assert reason in first.reason
    assert second.engine is Engine.OCI
    with pytest.raises(ProjectError, match="the engine `oci` runs no step") as raised:
        planned(text, engine=Engine.OCI)
    assert "--engine docker" in raised.value.hint


def test_an_engine_that_is_named_is_taken(planned):
    assert {plan.engine for plan in planned("build: {engine: docker}")} == {Engine.DOCKER}
    plans = planned("build: {engine: docker}", engine=Engine.OCI)
    assert {(plan.engine, plan.may_change) for plan in plans} == {(Engine.OCI, False)}


def test_a_cache_of_steps_is_for_docker(planned):
    plan = planned(cache_from=("type=gha",), cache_to=("type=gha,mode=max",))[0]
    assert plan.engine is Engine.DOCKER
    assert plan.request.cache_from == ("type=gha",)
    assert plan.request.cache_to == ("type=gha,mode=max",)


def test_a_network_of_steps_is_for_docker(planned):
    assert planned(network="host")[0].engine is Engine.DOCKER


def test_the_base_is_the_one_that_is_locked(planned):
    lock = ImageLock(bases={"python:3.12-slim": DIGEST})
    assert planned(lock=lock)[0].request.base == f"python:3.12-slim@{DIGEST}"
    assert planned(lock=lock, pull=True)[0].request.base == "python:3.12-slim"
    assert planned(lock=lock, base="other")[0].request.base == "other"
    own = "python:3.12-slim@sha256:" + "b" * 64
    assert planned(lock=lock, base=own)[0].request.base == own


def test_one_name_for_two_images(planned):
    with pytest.raises(ProjectError, match="several functions: a, b"):
        planned(image="acme/x")


def test_names_of_ones_own(planned, tmp_path):
    planned()
    (function,) = read_project(tmp_path / "functions/a").functions
    project = replaced(read_project(tmp_path), functions=(function,))
    for options, expected in (
        ({"image": "acme/x"}, "acme/x"),
        ({"image": "acme/x", "tag": "3"}, "acme/x:3"),
        ({"image": "localhost:5000/x", "tag": "3"}, "localhost:5000/x:3"),
        ({"image": "acme/x:2", "tag": "3"}, "acme/x:2"),
    ):
        (plan,) = plan_builds(project, BuildOptions(**options), ImageLock())
        assert plan.request.reference == expected


def test_an_image_by_its_digest_cannot_be_built(planned):
    with pytest.raises(ProjectError, match="names what is built already") as raised:
        planned(f"functions: {{a: {{image: acme/a@{DIGEST}}}}}")
    assert DIGEST in raised.value.hint


def test_what_is_built_already_is_told_apart(planned, tmp_path):
    planned()
    text = "version: 1\nfunctions: {a: {image: acme/a@%s}, b: {image: acme/b}}\n"
    (tmp_path / "wherry.yaml").write_text(text % DIGEST)
    project = read_project(tmp_path)
    rest, built = divided(project)
    assert [function.name for function in rest.functions] == ["b"]
    assert [function.name for function in built] == ["a"]
    only = replaced(project, functions=built)
    assert divided(only) == (only, ())
    assert divided(rest) == (rest, ())


@pytest.mark.parametrize("options", [{"base": "A B"}, {"tag": "-"}, {"registry": "Ghcr.io/:"}])
def test_names_that_are_none(planned, options):
    with pytest.raises(InvalidName):
        planned(**options)


def test_a_path_may_not_leave_the_project(planned, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "Dockerfile"
    outside.touch()
    (tmp_path / "Dockerfile").symlink_to(outside)
    with pytest.raises(ProjectError, match="a link out of"):
        planned("build: {dockerfile: Dockerfile}")
    with pytest.raises(ProjectError, match="no such file"):
        planned("build: {dockerfile: None.Dockerfile}")
