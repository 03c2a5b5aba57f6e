"""The engine `oci`, on a tiny base in a registry: what an image holds, and what is refused."""

import gzip
import io
import json
import shutil
import tarfile

import pytest
from tests.builder.image.engine.ground import Ground, add_base, make_wheel
from tests.builder.image.recording_registry import RecordingRegistry

from wherry_build.errors import InvalidName, ProjectError, RegistryError, WheelNotFound
from wherry_build.image.engine import ImageRequest, WheelSources
from wherry_build.image.oci_engine import OciBuilder
from wherry_build.image.oci_engine.machine import this_platform
from wherry_build.image.platform import Platform
from wherry_build.image.registry.registries import Registries
from wherry_build.project import read_project

AMD64, ARM64 = (Platform(architecture=name) for name in ("amd64", "arm64"))
ELF = {
    name: b"\x7fELF\x02\x01" + bytes(12) + machine
    for name, machine in {"amd64": b"\x3e\x00", "arm64": b"\xb7\x00"}.items()
}


@pytest.fixture(scope="module")
def _ground(tmp_path_factory):
    with RecordingRegistry() as registry:
        yield Ground(tmp_path_factory.mktemp("ground"), registry)


@pytest.fixture
def ground(_ground, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(_ground.cache))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return _ground


class Said:
    def __init__(self):
        self.lines = []

    def step(self, text):
        self.lines.append(text)

    def moved(self, what, done_bytes, total_bytes):
        """What is downloaded here is quick."""


@pytest.fixture
def build(ground, tmp_path):
    """Build a function of files: `build({"handler.py": "..."})`."""

    def build(files, *, wheels=None, progress=None, **request):
        folder = tmp_path / "hello"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (function,) = read_project(folder).functions
        asked = ImageRequest(
            **{
                "function": function,
                "reference": "acme/hello:1",
                "base": ground.base,
                "platforms": (AMD64,),
                "wheels": WheelSources(folder=wheels or ground.wheels, is_offline=True),
                **request,
            }
        )
        registries = Registries()
        try:
            return OciBuilder(registries).build(asked, progress or Said())
        finally:
            registries.close()

    return build


@pytest.fixture
def wheels(ground, tmp_path):
    """A folder with the runtime's wheels, for more."""
    folder = tmp_path / "wheels"
    shutil.copytree(ground.wheels, folder)
    return folder


HANDLER = {"handler.py": "def handle(request): ...\n"}


def files_of(layer):
    with layer.content.open() as opened:
        plain = gzip.decompress(opened.read())
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {member.name: member for member in archive.getmembers()}


def test_from_what_changes_seldom_to_what_changes_with_every_edit(build):
    image = build(HANDLER).images[0]
    assert [layer.purpose.partition(":")[0] for layer in image.layers] == [
        "wheels",
        "runtime",
        "code",
    ]
    wheels, runtime, code = map(files_of, image.layers)
    assert "opt/wherry/click.py" in wheels
    assert "opt/wherry/wherry/__init__.py" in runtime
    assert "srv/function/handler.py" in code
    for name, member in {**wheels, **runtime, **code}.items():
        assert (member.uid, member.gid, member.mtime) == (0, 0, 0), name
        assert member.mode & 0o022 == 0, name


def test_what_it_says_of_itself(build, ground):
    image = build(HANDLER, labels={"team": "x"})
    config = json.loads(image.images[0].config.content)
    run = config["config"]
    assert run["User"] == "65532:65532"
    assert run["Entrypoint"] == ["python3", "-m", "wherry"]
    assert "Cmd" not in run
    assert {"WHERRY_FUNCTION=hello", "PYTHONPATH=/opt/wherry"} <= set(run["Env"])
    labels = run["Labels"]
    assert labels["team"] == "x"
    assert labels["org.opencontainers.image.base.name"] == ground.base
    assert image.base == f"{ground.base}@{ground.base_digest}"
    assert image.id == image.images[0].config.descriptor.digest


def test_a_large_wheel_has_a_layer_of_its_own(build, wheels):
    make_wheel(wheels, "large", "2.0", {"large/weights.bin": bytes(range(256)) * 5000})
    made = build({**HANDLER, "requirements.txt": "large\n"}, wheels=wheels).images[0]
    assert made.layers[0].purpose == "wheels: large 2.0"
    assert "large" not in made.layers[1].purpose


def test_each_platform_gets_what_is_for_it(build, wheels):
    for machine, name in (("x86_64", "amd64"), ("aarch64", "arm64")):
        tag = f"py3-none-manylinux_2_17_{machine}"
        make_wheel(wheels, "native", "1.0", {"native.so": ELF[name]}, tag=tag)
    image = build(
        {**HANDLER, "requirements.txt": "native\n"}, wheels=wheels, platforms=(AMD64, ARM64)
    )
    assert image.platforms == (AMD64, ARM64)
    assert image.id == image.digest == image.index.descriptor.digest
    for each in image.images:
        (layer,) = [each for each in each.layers if "native" in each.purpose]
        with layer.content.open() as opened:
            assert ELF[each.platform.architecture] in gzip.decompress(opened.read())


def test_a_wheel_for_another_machine_is_refused(build, wheels):
    make_wheel(wheels, "native", "1.0", {"native.so": ELF["amd64"]}, tag="py3-none-any")
    with pytest.raises(WheelNotFound, match=r"native\.so is for"):
        build({**HANDLER, "requirements.txt": "native\n"}, wheels=wheels, platforms=(ARM64,))


def test_folders_that_the_base_lacks_are_made(build, ground):
    reference, _ = add_base(ground.registry, "bare/python", folders=("tmp", "usr", "usr/bin"))
    layers = build(HANDLER, base=reference).images[0].layers
    assert layers[0].purpose == "folders: opt, srv"
    assert {name: member.mode for name, member in files_of(layers[0]).items()} == {
        "opt": 0o755,
        "srv": 0o755,
    }


def test_a_base_that_is_not_for_the_platform(build):
    with pytest.raises(RegistryError, match="is not for linux/s390x"):
        build(HANDLER, platforms=(Platform(architecture="s390x"),))


def test_a_handler_that_the_rules_keep_out(build):
    with pytest.raises(ProjectError, match="keep the handler out"):
        build({**HANDLER, ".dockerignore": "*.py\n"})


def test_a_time_that_is_none(build, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InvalidName, match="SOURCE_DATE_EPOCH"):
        build(HANDLER)


def test_without_a_python_of_the_base_there_is_no_bytecode(build, ground, monkeypatch):
    monkeypatch.setattr("wherry_build.image.oci_engine.builder.compiler_for", lambda _python: None)
    said = Said()
    image = build(HANDLER, progress=said)
    assert "the image has no bytecode" in "\n".join(said.lines)
    assert not [name for name in files_of(image.images[0].layers[-1]) if name.endswith(".pyc")]


@pytest.mark.parametrize(
    ("machine", "platform"),
    [("x86_64", "linux/amd64"), ("arm64", "linux/arm64"), ("armv7l", "linux/arm/v7")],
)
def test_this_machine(machine, platform):
    assert str(this_platform(machine)) == platform


def test_a_machine_that_no_image_is_for():
    with pytest.raises(InvalidName, match="'pdp11'"):
        this_platform("pdp11")
