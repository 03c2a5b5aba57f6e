"""`wherry image inspect`: a build, an image in a registry, a layout."""

import json

import pytest

SPDX = "application/spdx+json"
IN_TOTO = "application/vnd.in-toto+json"


@pytest.fixture
def hello(wherry, here, ground):
    """Build and publish a function: `hello("name:tag")`."""
    wherry("new", "hello")

    def hello(name, *arguments):
        image = ground.reference(name)
        done = wherry(
            *("build", "functions/hello", "--image", image, "--push", *arguments),
            *ground.arguments,
        )
        assert done.code == 0, done.err
        return image

    return hello


def inspected(wherry, what):
    done = wherry("image", "inspect", what, "-o", "json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_a_build_tells_why_layers_changed(wherry, hello, ground, here):
    hello("inspect/hello:1")
    (here / "functions/hello/handler.py").write_text("def handle(request): return 'x'\n")
    hello("inspect/hello:1")
    (image,) = inspected(wherry, "functions/hello")["images"]
    own = [layer for layer in image["layers"] if not layer["base"]]
    assert [layer["purpose"].partition(":")[0] for layer in own] == ["wheels", "runtime", "code"]
    assert [layer["change"] for layer in own] == ["same", "same", "changed"]
    assert own[-1]["reason"] == "edited srv/function/handler.py"
    assert image["user"] == "65532:65532"
    assert image["entrypoint"] == ["python3", "-m", "wherry"]


def test_a_function_is_found_by_its_name(wherry, hello):
    hello("inspect/named:1")
    assert inspected(wherry, "hello") == inspected(wherry, "functions/hello")


def test_an_image_in_a_registry(wherry, hello, ground):
    name = hello("inspect/remote:1", "--platform", "linux/amd64,linux/arm64")
    found = inspected(wherry, name)
    assert found["digest"] == ground.registry.tags["inspect/remote"]["1"]
    assert [each["platform"] for each in found["images"]] == ["linux/amd64", "linux/arm64"]
    layers = found["images"][0]["layers"]
    assert [layer["base"] for layer in layers] == [True, False, False, False]
    assert layers[0]["change"] is None
    assert found["images"][0]["base"].startswith(ground.base)
    # Of each platform.
    assert [each["kind"] for each in found["artifacts"]] == [SPDX, IN_TOTO] * 2


@pytest.mark.parametrize("where", ["registry", "layout", "build"])
def test_what_is_attached_is_printed(wherry, hello, ground, where):
    image = hello("inspect/printed:1", "--sbom", "cyclonedx", "-o", "oci:out")
    what = {"registry": image, "layout": "oci:out", "build": "functions/hello"}[where]
    done = wherry("image", "inspect", what, "--sbom")
    assert done.code == 0, done.err
    bom = json.loads(done.out)
    names = {each["name"] for each in bom["components"]}
    assert {"wherry", "flask", f"{ground.registry.host}/base/python"} <= names
    assert bom["metadata"]["component"]["name"] == image.rpartition(":")[0]
    statement = json.loads(wherry("image", "inspect", what, "--provenance").out)
    digest = ground.registry.tags["inspect/printed"]["1"]
    assert statement["subject"][0]["digest"] == {"sha256": digest.removeprefix("sha256:")}


def test_what_is_not_attached_is_not_printed(wherry, hello, ground):
    image = hello("inspect/nothing:1", "--sbom", "none", "--no-provenance")
    done = wherry("image", "inspect", image, "--sbom")
    assert done.code == 1
    assert f"no sbom is attached to {image}" in done.err


def test_what_is_attached_is_listed(wherry, hello, ground):
    name = hello("inspect/attached:1", "--sbom", "none", "--no-provenance")
    digest = ground.registry.tags["inspect/attached"]["1"]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.cyclonedx+json",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest, "size": 2},
        "layers": [],
        "subject": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
            "size": 1,
        },
    }
    attached = ground.registry.add_manifest("inspect/attached", "", manifest)
    assert inspected(wherry, name)["artifacts"] == [
        {"kind": "application/vnd.cyclonedx+json", "digest": attached}
    ]


def test_it_is_read_by_a_person(wherry, hello, ground):
    name = hello("inspect/shown:1")
    done = wherry("image", "inspect", name)
    digest = ground.registry.tags["inspect/shown"]["1"]
    assert done.out.startswith(f"{name}@{digest}\n  linux/")
    assert "python3 -m wherry as 65532:65532" in done.out
    assert "base: debootstrap" in done.out


@pytest.mark.parametrize("what", ["oci:nothing", "127.0.0.1:1/none:1"])
def test_what_is_not_there(wherry, here, ground, what):
    done = wherry("image", "inspect", what)
    assert done.code in {2, 3}
    assert done.out == ""


def test_nothing_was_built(wherry, here, ground):
    wherry("new", "unbuilt")
    done = wherry("image", "inspect", "functions/unbuilt")
    assert done.code == 2
    assert "there is no build of it" in done.err


def test_an_image_that_is_not_there(wherry, here, ground):
    done = wherry("image", "inspect", ground.reference("inspect/none:1"))
    assert done.code == 2
    assert "has no image" in done.err
