"""`wherry push`: what was built last, published without building."""

import json
import shutil

import pytest


@pytest.fixture
def built(wherry, here, ground):
    """Build one function: `built("--image", ...)`."""
    wherry("new", "hello")

    def built(*arguments):
        done = wherry("build", "functions/hello", *arguments, *ground.arguments)
        assert done.code == 0, done.err
        return done

    return built


def test_what_was_built_is_published(wherry, built, ground, here):
    name = ground.reference("push/hello:1")
    digest = json.loads(built("--image", name, "--json").out)["digest"]
    assert "push/hello" not in ground.registry.tags
    done = wherry("push", "functions/hello")
    assert (done.code, done.out) == (0, f"{name}@{digest}\n"), done.err
    assert ground.registry.tags["push/hello"]["1"] == digest
    locked = json.loads((here / "functions/hello/wherry.lock").read_text())
    assert locked["images"] == {name: digest}


def test_what_is_attached_is_published_with_it(wherry, built, ground):
    name = ground.reference("push/attached:1")
    built("--image", name)
    assert wherry("push", "functions/hello").code == 0
    (seen,) = wherry("image", "inspect", name, "-o", "json").out.splitlines()
    kinds = {each["kind"] for each in json.loads(seen)["artifacts"]}
    assert kinds == {"application/spdx+json", "application/vnd.in-toto+json"}


def test_it_is_published_under_another_name(wherry, built, ground):
    digest = json.loads(built("--json").out)["digest"]
    done = wherry("push", "functions/hello", "--registry", ground.reference("other"), "--json")
    assert json.loads(done.out) | {"seconds": 0} == {
        "function": "hello",
        "image": ground.reference("other/hello:latest"),
        "digest": digest,
        "pushed": f"{ground.reference('other/hello:latest')}@{digest}",
        "seconds": 0,
    }
    built("--image", ground.reference("kept/name:1"))
    assert wherry("push", "functions/hello", "--tag", "2").code == 0
    assert list(ground.registry.tags["kept/name"]) == ["2"]


def test_an_index_is_published_whole(wherry, built, ground):
    built("--image", ground.reference("push/both:1"), "--platform", "linux/amd64,linux/arm64")
    assert wherry("push", "functions/hello").code == 0
    assert len(ground.registry.manifest("push/both", "1")["manifests"]) == 2


def test_a_registry_that_is_busy_is_asked_again(wherry, built, ground):
    built("--image", ground.reference("push/busy:1"))
    ground.registry.fail("PUT", "/push/busy/manifests/", status=503, headers={"Retry-After": "0"})
    ground.registry.fail("POST", "/push/busy/blobs/uploads/", drops=True)
    done = wherry("push", "functions/hello")
    assert done.code == 0, done.err
    assert "1" in ground.registry.tags["push/busy"]


def test_a_push_that_failed_is_tried_again_by_hand(wherry, built, ground):
    built("--image", ground.reference("push/denied:1"))
    ground.registry.fail("PUT", "/push/denied/manifests/", status=403)
    assert wherry("push", "functions/hello").code == 3
    assert wherry("push", "functions/hello").code == 0


def test_nothing_was_built(wherry, here, ground):
    wherry("new", "unbuilt")
    done = wherry("push", "functions/unbuilt")
    assert done.code == 2
    assert "there is no build of it" in done.err
    assert "wherry build" in done.err


def test_a_local_name_is_not_published(wherry, built):
    built()
    done = wherry("push", "functions/hello")
    assert done.code == 2
    assert "--registry" in done.err


def test_layers_that_are_gone_are_told(wherry, built, ground, monkeypatch, tmp_path):
    cache = tmp_path / "cache"
    built()  # so that there is a cache, and wheels in it
    shutil.copytree(ground.cache, cache)
    monkeypatch.setenv("WHERRY_CACHE", str(cache))
    built("--image", ground.reference("push/gone:1"))
    shutil.rmtree(cache / "layers")
    done = wherry("push", "functions/hello")
    assert done.code == 2
    assert "not in the cache any more" in done.err
    assert "--push" in done.err
