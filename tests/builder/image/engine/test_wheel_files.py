"""The wheels of an image are had from where its lock says, and may be."""

from tests.builder.image.wheels.wheel_making import AMD64, locked, put

from wherry_build.image.engine import WheelSources
from wherry_build.image.oci_engine.wheel_files import ImageWheels


class Quiet:
    """A `Progress` that says nothing."""

    def step(self, text):
        pass

    def moved(self, what, done_bytes, total_bytes):
        pass


def test_a_stranger_has_the_wheel_in_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    file = put(tmp_path / "function")
    item = locked(file.read_bytes(), url=file.as_uri())
    sources = WheelSources(builds=False)
    wheels = ImageWheels([item], AMD64, sources, Quiet(), folder=tmp_path / "function")
    assert [each.size_bytes for each in wheels.files()] == [file.stat().st_size]
