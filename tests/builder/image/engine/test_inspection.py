"""What an image says it is made of; documents of others are believed in nothing."""

import hashlib
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import ContentRefused, ImageNotBuilt, ImageNotFound
from wherry_build.image.build_record import BuildRecord
from wherry_build.image.inspection import inspected_image
from wherry_build.image.inspection_sources import inspect_build, inspect_layout
from wherry_build.image.record import BuildRecords
from wherry_build.project import Function

DIGEST = "sha256:" + "a" * 64
MANIFEST = {
    "schemaVersion": 2,
    "config": {"mediaType": "application/json", "digest": DIGEST, "size": 2},
    "layers": [{"digest": DIGEST, "size": 10}, {"digest": DIGEST, "size": 5}],
}
CONFIG = {
    "os": "linux",
    "architecture": "arm64",
    "variant": "v8",
    "config": {"User": "1", "Entrypoint": ["a", "b"], "Labels": {"x": "y"}},
    "history": [
        {"created_by": "debootstrap"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "wherry: code"},
    ],
}


def inspected(manifest, config):
    return inspected_image(DIGEST, json.dumps(manifest).encode(), json.dumps(config).encode())


def test_what_documents_say():
    image = inspected(MANIFEST, CONFIG)
    assert (str(image.platform), image.user, image.size_bytes) == ("linux/arm64/v8", "1", 15)
    assert [(layer.purpose, layer.is_base) for layer in image.layers] == [
        ("debootstrap", True),
        ("code", False),
    ]


def test_an_image_that_says_little():
    image = inspected(MANIFEST, {"os": "linux", "architecture": "amd64"})
    assert [layer.is_base for layer in image.layers] == [True, True]
    assert (image.base, image.user, image.entrypoint) == ("", "", ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*MANIFEST, *CONFIG, "Labels", "digest", "size"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(manifest=JSON, config=JSON)
def test_whatever_documents_say_it_is_an_image_or_refused(manifest, config):
    with suppress(ContentRefused):
        assert inspected(manifest, config).digest == DIGEST


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_no_json(content):
    with pytest.raises(ContentRefused):
        inspected_image(DIGEST, content, b"{}")


@pytest.fixture
def layout(tmp_path):
    """A layout: `layout(manifest, config)`; its folder."""

    def layout(manifest=None, config=None):
        blobs = tmp_path / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)

        def put(document):
            content = json.dumps(document).encode()
            digest = hashlib.sha256(content).hexdigest()
            (blobs / digest).write_bytes(content)
            return {"mediaType": "", "digest": f"sha256:{digest}", "size": len(content)}

        described = put(config or CONFIG)
        top = put({**(manifest or MANIFEST), "config": described})
        (tmp_path / "index.json").write_text(json.dumps({"manifests": [top]}))
        return tmp_path

    return layout


def test_a_layout(layout):
    (image,) = inspect_layout(layout()).images
    assert image.size_bytes == 15


def test_a_layout_that_was_changed(layout):
    folder = layout()
    for file in (folder / "blobs/sha256").iterdir():
        file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(ContentRefused, match="not what its name says"):
        inspect_layout(folder)


def test_a_layout_that_lacks_a_blob(layout):
    folder = layout()
    for file in (folder / "blobs/sha256").iterdir():
        file.unlink()
    with pytest.raises(ContentRefused, match="is not there"):
        inspect_layout(folder)


@pytest.mark.parametrize("text", ["[]", "{", '{"manifests": 1}', '{"manifests": [{}]}'])
def test_a_folder_that_is_no_layout(tmp_path, text):
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(ContentRefused):
        inspect_layout(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "file", "folder"])
def test_what_is_no_layout_at_all(name, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "index.json").mkdir(parents=True)
    with pytest.raises(ImageNotFound, match=f"{name}: no OCI layout can be read there: "):
        inspect_layout(tmp_path / name)


def test_a_layout_whose_blobs_are_in_no_folder(layout):
    folder = layout()
    (folder / "blobs").rename(folder / "other")
    (folder / "blobs").write_text("")
    with pytest.raises(ContentRefused, match="is not there"):
        inspect_layout(folder)


def test_a_layout_of_nothing(tmp_path):
    (tmp_path / "index.json").write_text('{"manifests": []}')
    with pytest.raises(ImageNotFound):
        inspect_layout(tmp_path)


def test_what_an_engine_keeps_is_asked_for_there(tmp_path, make_image):
    function = Function(name="hello", folder=tmp_path)
    records = BuildRecords(tmp_path / "builds")
    with pytest.raises(ImageNotBuilt, match="there is no build of it"):
        inspect_build(function, records)
    image = make_image({"code": {"a": b"1"}})
    kept = type(image)(**{name: getattr(image, name) for name in image.__slots__} | {"images": ()})
    records.write(function, BuildRecord(engine="docker", base="x", image=kept))
    with pytest.raises(ImageNotBuilt, match="the container engine has its image") as raised:
        inspect_build(function, records)
    assert "docker image inspect" in raised.value.hint
