"""Wheels from the real index: for another architecture, and for this machine, where they run."""

import platform
import subprocess
import sys

import pytest

from wherry_build.image.engine import WheelSources
from wherry_build.image.platform import Platform
from wherry_build.image.wheels import tool
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.contents import wheel_entries
from wherry_build.image.wheels.download import fetch
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.resolution import resolve, settings_of
from wherry_build.image.wheels.target import Target

pytestmark = pytest.mark.interop

COMPILED = ("httptools", "markupsafe", "orjson", "uvloop")
ELF_MACHINES = {"amd64": 62, "arm64": 183}


class Quiet:
    """A `Progress` that says nothing."""

    def step(self, text):
        pass

    def moved(self, what, done_bytes, total_bytes):
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    return WheelCache.default()


@pytest.fixture(params=["uv", "pip"])
def resolver(request, monkeypatch):
    if getattr(tool, f"found_{request.param}")(IndexSettings()) is None:
        pytest.skip(f"{request.param} is not installed")
    other = {"uv": "found_pip", "pip": "found_uv"}[request.param]
    monkeypatch.setattr(tool, other, lambda _settings: None)
    return request.param


@pytest.fixture
def unpacked(tmp_path, cache):
    """The wheels and the files of a function that needs compiled packages, for a target."""

    def unpacked(target):
        folder = tmp_path / "function"
        folder.mkdir(exist_ok=True)
        (folder / "requirements.txt").write_text("\n".join(COMPILED))
        wheels = resolve(folder, WheelSources(), target, Quiet())
        settings = settings_of(folder, WheelSources())
        files = fetch(wheels, cache, Quiet(), settings=settings)
        return wheels, [entry for file in files for entry in wheel_entries(file, target)]

    return unpacked


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize(("libc", "version"), [("glibc", (2, 36)), ("musl", (1, 2))])
def test_an_image_gets_wheels_of_its_own_architecture_or_pure_ones(
    resolver, unpacked, architecture, libc, version
):
    target = Target(
        python=(3, 12),
        platform=Platform(architecture=architecture),
        libc=libc,
        libc_version=version,
    )
    wheels, entries = unpacked(target)
    assert set(COMPILED) <= {wheel.name for wheel in wheels}
    kind = {"glibc": "manylinux", "musl": "musllinux"}[libc]
    for wheel in wheels:
        tag = wheel.file_name.removesuffix(".whl").rpartition("-")[2]
        assert tag == "any" or (tag.startswith(kind) and target.machine.name in tag)
    libraries = [entry for entry in entries if entry.content[:4] == b"\x7fELF"]
    assert len(libraries) >= len(COMPILED)
    for entry in libraries:
        machine = int.from_bytes(entry.content[18:20], "little")
        assert machine == ELF_MACHINES[architecture], entry.path


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this machine has another libc")
def test_what_is_unpacked_runs(unpacked, tmp_path):
    """Without this Python's own packages, so that what runs is what was unpacked."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    if machine is None:
        pytest.skip(f"no image is made for {platform.machine()}")
    major, minor = (int(part) for part in platform.libc_ver()[1].split(".")[:2])
    target = Target(
        python=sys.version_info[:2],
        platform=Platform(architecture=machine),
        libc_version=(major, minor),
    )
    wheels, entries = unpacked(target)
    for entry in entries:
        file = tmp_path / "root" / entry.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entry.content)
    site = tmp_path / "root/opt/wherry"
    versions = {wheel.name: wheel.version for wheel in wheels}
    script = f"""
import sys; sys.path.insert(0, {str(site)!r})
import cloudevents, flask, gunicorn, httptools, markupsafe._speedups, orjson, uvloop
from importlib.metadata import files, version
for name, expected in {versions!r}.items():
    assert version(name) == expected, name
    for file in files(name):
        assert file.locate().is_file(), file
assert orjson.__file__.startswith({str(site)!r})
print(orjson.dumps({{"uvloop": uvloop.__version__}}).decode())
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert versions["uvloop"] in done.stdout
