"""What an image says of itself: on its base, in the words of its base, and the same every time."""

import json
import tarfile

import pytest

from wherry_build.errors import BaseUnusable, InvalidName
from wherry_build.image.content import BytesContent
from wherry_build.image.dockerfile import Recipe, dockerfile
from wherry_build.image.layers.tarball import file_header
from wherry_build.image.oci.base import base_image
from wherry_build.image.oci.document import image_index, platform_image
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.oci.settings import created_s, function_settings
from wherry_build.image.platform import Platform

AMD64 = Platform(architecture="amd64")
HISTORY = [
    {"created_by": "FROM scratch"},
    {"created_by": "ENV A=1", "empty_layer": True},
]


def said(image):
    return json.loads(image.config.content), json.loads(image.manifest.content)


@pytest.fixture
def settings():
    return function_settings("hello", labels={"com.acme.team": "orders"})


def test_layers_follow_those_of_the_base(make_base, make_layer, settings):
    base = make_base({"a": b"1"}, {"b": b"2"})
    layers = [make_layer("runtime", x=b"1"), make_layer("code")]
    image = platform_image(base, layers, settings)
    config, manifest = said(image)
    own = [layer.content.descriptor for layer in layers]
    assert [each["digest"] for each in manifest["layers"]] == [
        *(each.descriptor.digest for each in base.layers),
        *(each.digest for each in own),
    ]
    assert config["rootfs"] == {
        "type": "layers",
        "diff_ids": [*base.diff_ids, *(layer.diff_id for layer in layers)],
    }
    assert manifest["config"] == image.config.descriptor.document()
    assert image.manifest.descriptor.size_bytes == len(image.manifest.content)
    assert (image.base, image.layers) == (base.layers, tuple(layers))


def test_an_image_is_run_as_the_dockerfile_of_the_other_engine_says(make_base, settings):
    config = said(platform_image(make_base(env=["PATH=/usr/bin", "HOME=/root"]), [], settings))[0]
    run = config["config"]
    text = dockerfile(Recipe(runtime="x", function="hello")).replace("\\\n", "")
    final = text.rpartition("\nFROM ")[2].splitlines()
    theirs = {line.split()[0]: line.partition(" ")[2] for line in final if line[:3].isupper()}
    assert run["User"] == theirs["USER"]
    assert run["WorkingDir"] == theirs["WORKDIR"]
    assert run["StopSignal"] == theirs["STOPSIGNAL"]
    assert run["ExposedPorts"] == {f"{theirs['EXPOSE']}/tcp": {}}
    assert run["Entrypoint"] == json.loads(theirs["ENTRYPOINT"])
    assert run["Healthcheck"]["Test"] == [
        "CMD",
        *json.loads(theirs["HEALTHCHECK"].partition("CMD ")[2]),
    ]
    set_there = " ".join(line[4:] for line in final if line.startswith("ENV ")).split()
    assert set(run["Env"]) == {"PATH=/usr/bin", *set_there}
    assert run["Env"][0] == "PATH=/usr/bin", "what the base sets comes first"
    assert sum(each.startswith("HOME=") for each in run["Env"]) == 1


def test_what_the_base_runs_is_not_run(make_base, settings):
    base = make_base(
        settings={
            "Cmd": ["python3"],
            "Entrypoint": ["/bin/tini"],
            "OnBuild": ["RUN evil"],
            "User": "root",
            "Volumes": {"/data": {}},
        },
        config={"container_config": {"Cmd": ["x"]}, "container": "abc", "author": "them"},
    )
    config = said(platform_image(base, [], settings))[0]
    assert "Cmd" not in config["config"] and "OnBuild" not in config["config"]
    assert config["config"]["Volumes"] == {"/data": {}}
    assert set(config) == {"architecture", "os", "created", "config", "rootfs", "history"}


def test_history_has_an_entry_for_each_layer(make_base, make_layer, settings):
    image = platform_image(
        make_base({"a": b""}, config={"history": HISTORY}), [make_layer("code")], settings
    )
    history = said(image)[0]["history"]
    assert history[:2] == HISTORY
    assert history[2] == {"created": "1970-01-01T00:00:00Z", "created_by": "wherry: code"}


@pytest.mark.parametrize("history", [None, [], "x", [1, 2], [{"empty_layer": True}], HISTORY * 2])
def test_a_history_that_does_not_fit_is_made_to(make_base, make_layer, settings, history):
    base = make_base({"a": b""}, config={"history": history})
    config = said(platform_image(base, [make_layer()], settings))[0]
    assert sum(not each.get("empty_layer") for each in config["history"]) == 2


@pytest.mark.parametrize("media", MediaTypes)
def test_media_types_are_the_bases_and_never_mixed(make_base, make_layer, settings, media):
    image = platform_image(
        make_base({"a": b""}, media=media), [make_layer("code", media)], settings
    )
    config, manifest = said(image)
    assert manifest["mediaType"] == image.manifest.descriptor.media_type == media.manifest
    assert manifest["config"]["mediaType"] == media.config
    assert {each["mediaType"] for each in manifest["layers"]} == {media.layer}
    assert ("annotations" in manifest) == (media is MediaTypes.OCI)
    assert config["config"]["Labels"]["com.acme.team"] == "orders"
    index = json.loads(image_index([image]).content)
    assert index["mediaType"] == media.index


@pytest.mark.parametrize("packed", ["tar", "tar+zstd"])
def test_a_base_of_docker_with_layers_that_docker_has_no_word_for(make_layer, settings, packed):
    """Some builders mix them; what stands on it is all OCI."""
    media_type = f"application/vnd.oci.image.layer.v1.{packed}"
    content = BytesContent.of(b"x", media_type)
    config = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [content.descriptor.digest]},
    }
    base = base_image(
        "x",
        AMD64,
        manifest=BytesContent.of(b"{}", MediaTypes.DOCKER.manifest),
        config=json.dumps(config).encode(),
        layers=[content],
    )
    assert base.media is MediaTypes.OCI
    manifest = said(platform_image(base, [make_layer()], settings))[1]
    assert [each["mediaType"] for each in manifest["layers"]] == [media_type, MediaTypes.OCI.layer]


def test_a_mixed_base_is_restated_in_one_family(make_layer, settings):
    layers = [BytesContent.of(bytes([n]), media.layer) for n, media in enumerate(MediaTypes)]
    config = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [each.descriptor.digest for each in layers]},
    }
    base = base_image(
        "x",
        AMD64,
        manifest=BytesContent.of(b"{}", MediaTypes.DOCKER.manifest),
        config=json.dumps(config).encode(),
        layers=layers,
    )
    manifest = said(platform_image(base, [], settings))[1]
    assert {each["mediaType"] for each in manifest["layers"]} == {MediaTypes.DOCKER.layer}


def test_labels_say_what_it_stands_on_and_not_what_the_base_is(make_base, settings):
    base = make_base(
        labels={"org.opencontainers.image.title": "python", "maintainer": "them"},
        reference="python:3.12-slim",
    )
    image = platform_image(base, [], settings)
    config, manifest = said(image)
    assert config["config"]["Labels"] == {
        "maintainer": "them",
        "com.acme.team": "orders",
        "org.opencontainers.image.title": "hello",
        "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
        "org.opencontainers.image.base.name": "docker.io/library/python:3.12-slim",
        "org.opencontainers.image.base.digest": base.digest,
    }
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == base.digest
    assert "maintainer" not in manifest["annotations"]


def test_the_same_gives_the_same_bytes(make_base, make_layer):
    one, two = (
        platform_image(
            make_base({"a": b"1"}, env=["A=1"]),
            [make_layer()],
            function_settings("hello", labels=dict(labels)),
        )
        for labels in ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")])
    )
    assert one == two
    assert b" " not in one.manifest.content
    assert image_index([one]) == image_index([two])


def test_the_time_is_the_one_that_is_given(make_base, make_layer):
    settings = function_settings("hello", created_s=1_700_000_000)
    config, manifest = said(platform_image(make_base(), [make_layer()], settings))
    assert config["created"] == config["history"][0]["created"] == "2023-11-14T22:13:20Z"
    name = "org.opencontainers.image.created"
    assert manifest["annotations"][name] == config["config"]["Labels"][name] == config["created"]


def test_source_date_epoch():
    assert created_s({}) == created_s({"SOURCE_DATE_EPOCH": ""}) == 0
    assert created_s({"SOURCE_DATE_EPOCH": "0"}) == 0
    assert created_s({"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000


def test_the_latest_source_date_epoch_is_one_that_a_tar_has_digits_for():
    latest = created_s({"SOURCE_DATE_EPOCH": "8589934591"})
    header = file_header("a", 0, epoch_s=latest)
    assert tarfile.TarInfo.frombuf(header, "utf-8", "strict").mtime == latest
    with pytest.raises(InvalidName, match="at most 8589934591"):
        created_s({"SOURCE_DATE_EPOCH": "8589934592"})


@pytest.mark.parametrize("value", ["now", "-1", "1.5", "1e9", "9" * 30, "²", " 1"])
def test_a_source_date_epoch_that_is_no_time(value):
    with pytest.raises(InvalidName, match="SOURCE_DATE_EPOCH") as caught:
        created_s({"SOURCE_DATE_EPOCH": value})
    assert "git log" in caught.value.hint


def test_there_are_no_more_layers_than_engines_take(make_base, make_layer, settings):
    layer = make_layer()
    base = make_base(*[{"a": b""}] * 125)
    platform_image(base, [layer] * 2, settings)
    with pytest.raises(BaseUnusable, match="it has 125 layers, the function 3"):
        platform_image(base, [layer] * 3, settings)


def test_an_index_names_each_platform_in_one_order(make_base, settings):
    images = [
        platform_image(make_base({"a": b"1"}, architecture=name), [], settings)
        for name in ("arm64", "amd64")
    ]
    index = image_index(images)
    assert index == image_index(images[::-1])
    document = json.loads(index.content)
    assert [each["platform"] for each in document["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
    ]
    assert [each["digest"] for each in document["manifests"]] == [
        image.manifest.descriptor.digest for image in images[::-1]
    ]
    assert index.descriptor.media_type == document["mediaType"] == MediaTypes.OCI.index


def broken_base(config, *, layers=(), platform=AMD64):
    content = config if isinstance(config, bytes) else json.dumps(config).encode()
    return base_image(
        "broken:1",
        platform,
        manifest=BytesContent.of(b"{}", MediaTypes.OCI.manifest),
        config=content,
        layers=layers,
    )


GOOD = {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": []}}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (b"", "JSON object"),
        (b"[]", "JSON object"),
        (b"\xff", "JSON object"),
        (b"[" * 100_000, "JSON object"),
        ({}, "diff_ids"),
        ({**GOOD, "rootfs": []}, "diff_ids"),
        ({**GOOD, "rootfs": {"diff_ids": ["sha256:1"]}}, "diff_ids"),
        ({**GOOD, "rootfs": {"diff_ids": [f"sha256:{'0' * 64}"]}}, "0 layers and 1 diff_ids"),
        ({**GOOD, "os": "windows"}, "it is for windows/amd64"),
        ({**GOOD, "architecture": "arm64"}, "it is for linux/arm64, and linux/amd64 is wanted"),
    ],
)
def test_bases_that_no_function_stands_on(config, message):
    with pytest.raises(BaseUnusable, match=message):
        broken_base(config)


def test_a_foreign_layer_is_refused():
    foreign = BytesContent.of(b"", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    config = {**GOOD, "rootfs": {"diff_ids": [f"sha256:{'0' * 64}"]}}
    with pytest.raises(BaseUnusable, match=r"foreign\.diff"):
        broken_base(config, layers=[foreign])


@pytest.mark.parametrize("run", [None, [], "x", {"Env": "x", "Labels": 1}, {"Env": [1, "=", "A"]}])
def test_a_base_that_says_odd_things_of_running_it(make_layer, settings, run):
    base = broken_base({**GOOD, "config": run})
    config = said(platform_image(base, [make_layer()], settings))[0]
    assert config["config"]["User"] == "65532:65532"
