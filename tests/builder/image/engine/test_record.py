"""What is kept of the last builds: as it was, and of no harm where it is lost."""

from pathlib import Path

import pytest
from tests.builder.image.engine.conftest import LAYER

from wherry_build.image.build_record import BuildRecord
from wherry_build.image.content import BytesContent
from wherry_build.image.engine import ImageRequest
from wherry_build.image.record import BuildRecords, RecordingBuilder, reopened
from wherry_build.project import Function
from wherry_build.values import replaced

HELLO = Function(name="hello", folder=Path("/src/hello"))


@pytest.fixture
def records(tmp_path):
    return BuildRecords(tmp_path / "builds")


def of(image, **changes):
    return BuildRecord(engine="oci", base=image.base, image=image, **changes)


def base_of(_reference, _platform):
    return [BytesContent.of(b"base", LAYER), BytesContent.of(b"another", LAYER)]


def test_there_is_none(records):
    assert records.read(HELLO) is None


def test_it_is_read_as_it_was_written(records, make_image):
    image = make_image({"runtime": {"opt/wherry/a.py": b"1"}, "code": {"srv/function/a.py": b"2"}})
    records.write(HELLO, of(image))
    found = records.read(HELLO)
    assert reopened(found, base_of) == image
    assert found.previous is None


def test_it_is_its_owners_alone(records, make_image, tmp_path):
    records.write(HELLO, of(make_image({"code": {"a": b"1"}})))
    (file,) = (tmp_path / "builds").iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_each_function_has_its_own(records, make_image):
    records.write(HELLO, of(make_image({"code": {"a": b"1"}})))
    assert records.read(replaced(HELLO, name="other")) is None
    assert records.read(replaced(HELLO, folder=Path("/src/other"))) is None


def test_the_one_before_is_the_last_that_differs(records, make_image):
    one, two, three = (make_image({"code": {"a": text}}) for text in (b"1", b"2", b"3"))
    for image in (one, two, two):
        records.write(HELLO, of(image))
    assert records.read(HELLO).previous.image.id == one.id
    records.write(HELLO, of(three))
    found = records.read(HELLO).previous
    assert (found.image.id, found.previous) == (two.id, None)


def test_a_layer_that_is_gone_is_told(records, make_image):
    image = make_image({"code": {"a": b"1"}})
    records.write(HELLO, of(image))
    with pytest.raises(LookupError):
        reopened(records.read(HELLO), lambda *_: [])
    image.images[0].layers[0].content.file.unlink()
    with pytest.raises(LookupError):
        reopened(records.read(HELLO), base_of)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1}', '{"version": 2}', "null"])
def test_what_cannot_be_read_is_none(records, make_image, tmp_path, text):
    records.write(HELLO, of(make_image({"code": {"a": b"1"}})))
    (file,) = (tmp_path / "builds").iterdir()
    file.write_text(text)
    assert records.read(HELLO) is None
    records.write(HELLO, of(make_image({"code": {"a": b"2"}})))
    assert records.read(HELLO) is not None


def test_no_more_are_kept_than_the_limit(records, make_image, tmp_path, monkeypatch):
    monkeypatch.setattr("wherry_build.image.record._LIMIT_RECORDS", 3)
    image = make_image({"code": {"a": b"1"}})
    for number in range(6):
        records.write(replaced(HELLO, name=f"f{number}"), of(image))
    assert len(list((tmp_path / "builds").iterdir())) == 3


class Fixed:
    def __init__(self, image):
        self.image = image

    def build(self, request, progress):
        return self.image


class Said:
    def __init__(self):
        self.lines = []

    def step(self, text):
        self.lines.append(text)


def test_a_builder_that_keeps_what_it_builds(records, make_image):
    image = make_image({"code": {"a": b"1"}})
    request = ImageRequest(function=HELLO, reference="acme/hello:1")
    assert RecordingBuilder(Fixed(image), "oci", records).build(request, Said()) is image
    assert records.read(HELLO).image.id == image.id


def test_a_build_succeeds_where_nothing_can_be_kept(make_image, tmp_path):
    (tmp_path / "file").touch()
    builder = RecordingBuilder(
        Fixed(make_image({"code": {"a": b"1"}})), "oci", BuildRecords(tmp_path / "file")
    )
    said = Said()
    assert builder.build(ImageRequest(function=HELLO, reference="a"), said).id
    assert "cannot be kept in mind" in said.lines[0]
