"""Builds and pushes by a command line: the words it is called with, and what comes of it."""

import pytest
from tests.builder.image.docker.recorded_command import (
    DIGEST,
    IMAGE,
    docker_answers,
    podman_answers,
)

from wherry_build.errors import BuildUnsupported, ImageBuildFailed, ImagePushFailed
from wherry_build.image.context import Entry
from wherry_build.image.docker.command_engine import find_command_engine
from wherry_build.image.docker.request import ContextRequest
from wherry_build.image.platform import Platform

REFERENCE = "ghcr.io/acme/hello:1"
ENTRIES = (
    Entry(path="Dockerfile", content=b"FROM scratch\n"),
    Entry(path="function/run.sh", content=b"#!\n", is_executable=True),
)
ARM = Platform(architecture="arm64")


def request(**changes):
    return ContextRequest(**{"reference": REFERENCE, "entries": ENTRIES, **changes})


def built(commands, progress, **changes):
    image = find_command_engine().build(request(**changes), progress)
    (call,) = [call for call in commands.calls if call["files"]]
    return image, call


def test_the_classic_builder(commands, progress):
    commands.add("docker", docker_answers(build={"out": "Step 1/1\n\n", "err": "deprecated\n"}))
    image, call = built(
        commands,
        progress,
        arguments={"BASE": "b:1", "A": "x y"},
        labels={"team": "a b"},
        network="host",
        pull=True,
    )
    assert call["words"] == [
        *("build", "--tag", REFERENCE, "--file", "Dockerfile"),
        *("--build-arg", "BASE=b:1", "--build-arg", "A=x y", "--label", "team=a b"),
        *("--network", "host", "--pull", "."),
    ]
    assert call["environment"]["DOCKER_BUILDKIT"] == "0"
    assert sorted(progress.lines) == ["Step 1/1", "deprecated"]
    assert (image.id, image.size_bytes, str(image.platform), image.user) == (
        IMAGE["Id"],
        7_000_000,
        "linux/amd64",
        "65532:65532",
    )


def test_the_context_is_the_same_whatever_the_umask(commands, progress):
    import os

    commands.add("docker", docker_answers(build={}))
    before = os.umask(0o077)
    try:
        _, call = built(commands, progress)
    finally:
        os.umask(before)
    assert call["files"] == {"Dockerfile": ["0o644", 0.0], "function/run.sh": ["0o755", 0.0]}


def test_a_folder_is_the_context_as_it_stands(commands, progress, tmp_path):
    context = tmp_path / "context"
    (context / "function").mkdir(parents=True, mode=0o700)
    (context / "Dockerfile").write_text("FROM scratch\n")
    (context / "function/run.sh").write_text("#!\n")
    (context / "function/run.sh").chmod(0o700)
    commands.add("docker", docker_answers(build={}))
    image, call = built(commands, progress, entries=(), folder=context)
    assert image.reference == REFERENCE
    assert call["files"] == {"Dockerfile": ["0o644", 0.0], "function/run.sh": ["0o755", 0.0]}
    assert call["folder"] == str(context)


def test_buildx(commands, progress, tmp_path):
    secret = tmp_path / "odd,name"
    secret.write_text("s3cr3t-value")
    commands.add("docker", docker_answers(has_buildx=True, **{"buildx build": {}}))
    _, call = built(
        commands,
        progress,
        secrets={"tok": secret},
        platform=ARM,
        cache_from=("type=gha",),
        cache_to=("type=inline",),
    )
    assert call["words"] == [
        *("buildx", "build", "--load", "--progress=plain"),
        *("--tag", REFERENCE, "--file", "Dockerfile"),
        *("--secret", f'id=tok,"src={secret}"', "--platform", "linux/arm64"),
        *("--cache-from", "type=gha", "--cache-to", "type=inline", "."),
    ]
    assert call["environment"]["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


def test_the_buildkit_inside_an_older_command(commands, progress):
    commands.add("docker", docker_answers(version="20.10.24", build={}))
    _, call = built(commands, progress)
    assert call["words"][:2] == ["build", "--progress=plain"]
    assert call["environment"]["DOCKER_BUILDKIT"] == "1"


def test_podman(commands, progress):
    commands.add("podman", podman_answers(build={}))
    image, call = built(commands, progress)
    assert call["words"][:2] == ["build", "--format=docker"]
    assert image.id == IMAGE["Id"], "with the name of its hash, as docker has it"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"platform": ARM}, "linux/arm64, as the engine's own architecture is amd64"),
        ({"cache_to": ("type=inline",)}, "a cache in 'type=inline'"),
        ({"secrets": {"tok": __file__}}, "the build secret 'tok'"),
    ],
)
def test_what_the_classic_builder_cannot_do_is_told_before_it_begins(
    commands, progress, changes, what
):
    commands.add("docker", docker_answers(build={}))
    with pytest.raises(BuildUnsupported) as caught:
        find_command_engine().build(request(**changes), progress)
    assert caught.value.message == (
        f"{REFERENCE}: docker 28.2.2, the classic builder cannot do {what}"
    )
    assert "buildx" in caught.value.hint
    assert commands.asked("build") == []


def test_the_classic_builder_takes_its_own_platform(commands, progress):
    commands.add("docker", docker_answers(build={}))
    _, call = built(commands, progress, platform=Platform(architecture="amd64"))
    assert "linux/amd64" in call["words"]


def test_a_secret_that_a_step_prints_is_in_no_line(commands, progress, tmp_path):
    secret = tmp_path / "tok"
    secret.write_text("hunter2-hunter2\n")
    failed = {"out": "#5 hunter2-hunter2\nERROR: hunter2-hunter2 is wrong\n", "code": 1}
    commands.add("docker", docker_answers(version="20.10.24", build=failed))
    with pytest.raises(ImageBuildFailed) as caught:
        find_command_engine().build(request(secrets={"tok": secret}), progress)
    told = "\n".join([*progress.lines, *caught.value.log, caught.value.message])
    assert "hunter2" not in told
    assert progress.lines[0] == "#5 [redacted]"


@pytest.mark.parametrize(
    "secret",
    [
        "machine pypi.acme.example login ada password canary-of-a-netrc\n",
        "machine pypi.acme.example\n  login ada\n  password\n    canary-of-a-netrc\n",
        "[global]\nindex-url = https://ada:canary-of-a-netrc@pypi.acme.example/simple\n",
    ],
)
def test_passwords_in_files_of_secrets_are_in_no_line(commands, progress, tmp_path, secret):
    (tmp_path / "netrc").write_text(secret)
    said = {"out": "#5 401 for canary-of-a-netrc\n"}
    commands.add("docker", docker_answers(version="20.10.24", build=said))
    find_command_engine().build(request(secrets={"netrc": tmp_path / "netrc"}), progress)
    assert progress.lines == ["#5 401 for [redacted]"]


@pytest.mark.parametrize(
    ("said", "reason", "hint"),
    [
        ("ERROR: failed to solve: nope:1: not found", "not found", "--base"),
        ("NewConnectionError(\nERROR: process did not complete", "process", "--network host"),
        ("CERTIFICATE_VERIFY_FAILED\nthe command returned 1", "returned 1", "ca.pem"),
        ("E: Unable to locate package libnope\nexit 100", "exit 100", "package's name"),
        ("Error response from daemon: no space left", "no space left", ""),
        ("", "exit code 7", ""),
    ],
)
def test_a_failed_build_says_what_to_try(commands, progress, said, reason, hint):
    commands.add("docker", docker_answers(build={"out": f"{said}\n", "code": 7}))
    with pytest.raises(ImageBuildFailed) as caught:
        find_command_engine().build(request(), progress)
    assert reason in caught.value.message
    assert hint in caught.value.hint
    assert bool(caught.value.hint) == bool(hint)
    assert list(caught.value.log) == [line for line in said.splitlines() if line]


def test_an_image_that_is_not_there_is_none(commands):
    commands.add(
        "docker", docker_answers(**{"image inspect": {"out": "[]\n", "err": "Error", "code": 1}})
    )
    assert find_command_engine().image("nope:1") is None


@pytest.mark.parametrize(
    ("name", "answers"), [("docker", docker_answers()), ("podman", podman_answers())]
)
def test_a_push_gives_the_digest(commands, progress, name, answers):
    commands.add(name, answers)
    assert find_command_engine().push(REFERENCE, progress) == DIGEST


def test_nerdctl_names_the_index_that_it_pushed(commands, progress):
    said = f"manifest-sha256:{'a' * 64}: done\nindex-{DIGEST}: done\n"
    commands.add(
        "nerdctl",
        docker_answers() | {"--version": {"out": "nerdctl version 2.0.2"}, "push": {"out": said}},
    )
    assert find_command_engine().push(REFERENCE, progress) == DIGEST


@pytest.mark.parametrize(
    ("reference", "is_plain"), [("127.0.0.1:5000/a:1", True), ("a.b/c", False)]
)
def test_podman_speaks_plainly_to_this_machine_only(commands, progress, reference, is_plain):
    commands.add("podman", podman_answers())
    find_command_engine().push(reference, progress)
    (call,) = commands.asked("push")
    assert ("--tls-verify=false" in call["words"]) is is_plain


@pytest.mark.parametrize(
    ("answer", "said", "hint"),
    [
        (
            {"err": "denied: requested access to the resource is denied\n", "code": 1},
            "denied",
            "docker login ghcr.io",
        ),
        (
            {"err": "An image does not exist locally with the tag: x\n", "code": 1},
            "does not exist locally",
            "wherry build",
        ),
        ({"out": "pushed, somehow\n"}, "does not say its digest", ""),
    ],
)
def test_a_failed_push_says_what_to_try(commands, progress, answer, said, hint):
    commands.add("docker", docker_answers(push=answer))
    with pytest.raises(ImagePushFailed) as caught:
        find_command_engine().push(REFERENCE, progress)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_an_archive_is_loaded(commands, progress, tmp_path):
    commands.add("docker", docker_answers(load={"out": "Loaded image: a:1\n"}))
    engine = find_command_engine()
    engine.load(tmp_path / "a.tar", progress)
    assert commands.asked("load")[0]["words"] == ["load", "--input", str(tmp_path / "a.tar")]
    assert progress.lines == ["Loaded image: a:1"]
    commands.answer("docker", docker_answers(load={"err": "no tar\n", "code": 1}))
    with pytest.raises(ImageBuildFailed, match="no tar"):
        engine.load(tmp_path / "a.tar", progress)


def test_podmans_own_login_is_named(commands, progress):
    commands.add("podman", podman_answers(push={"err": "Error: unauthorized: no\n", "code": 125}))
    with pytest.raises(ImagePushFailed) as caught:
        find_command_engine().push(REFERENCE, progress)
    assert caught.value.hint.endswith("podman login ghcr.io")
