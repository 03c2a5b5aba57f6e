"""From what a function asks for to exact wheels, by uv and by pip, before an index on loopback."""

import shutil
import subprocess
import sys
from hashlib import sha256

import pytest
from tests.builder.image.wheels.wheel_making import AMD64, ARM64, put, source, wheel, wheel_name

from wherry_build.errors import RequirementsInvalid, RequirementsUnresolved, WheelNotFound
from wherry_build.image.engine import WheelSources
from wherry_build.image.wheels import locking, resolution, runtime_stub, tool
from wherry_build.image.wheels.archive import read_wheel
from wherry_build.image.wheels.download import fetch
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.resolution import resolve, settings_of

SECRET = "s3cret-Zq"
HAS_UV = tool.found_uv(IndexSettings()) is not None
HAS_PIP = tool.found_pip(IndexSettings()) is not None
NEEDS_UV = pytest.mark.skipif(not HAS_UV, reason="uv is not installed")
NEEDS_PIP = pytest.mark.skipif(not HAS_PIP, reason="pip is not installed")


@pytest.fixture(params=[pytest.param("uv", marks=NEEDS_UV), pytest.param("pip", marks=NEEDS_PIP)])
def either(request, environment):
    """The test is run with each tool alone; pip takes a second each time that it is started."""
    other = {"uv": "found_pip", "pip": "found_uv"}[request.param]
    environment.setattr(tool, other, lambda _settings: None)
    return request.param


@pytest.fixture(params=[pytest.param("uv", marks=NEEDS_UV)])
def resolver(request, environment):
    """The test is run with uv alone."""
    environment.setattr(tool, "found_pip", lambda _settings: None)
    return request.param


@pytest.fixture(autouse=True)
def runtime(environment):
    """A runtime that needs `web`, and on Windows `winweb`."""
    needs = ("web>=1", "winweb; sys_platform == 'win32'")
    for module in (resolution, locking, runtime_stub):
        environment.setattr(module, "runtime_requirements", lambda: needs)
    environment.setattr(runtime_stub, "_optional", lambda: (["fast"], ["speed; extra == 'fast'"]))


@pytest.fixture
def function(tmp_path):
    """Write files into a function's folder; the folder."""

    def function(**files):
        folder = tmp_path / "function"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        return folder

    return function


@pytest.fixture
def publish(index):
    """Put a wheel of a package into the index."""

    def publish(name, version="1.0", *tags, **said):
        for tag in tags or ("py3-none-any",):
            index.put(wheel_name(name, version, tag), wheel(name, version, tag=tag, **said))

    publish("web")
    publish("winweb")
    return publish


@pytest.fixture
def found(progress):
    """`name==version` of each wheel that is found."""

    def found(folder, target=AMD64, sources=None, **said):
        wheels = resolve(folder, sources or WheelSources(), target, progress, **said)
        return [item.pin for item in wheels]

    return found


MACHINES = ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_aarch64",
            "cp312-cp312-win_amd64")  # fmt: skip


def test_what_is_asked_for_comes_with_what_it_and_the_runtime_need(
    either, function, publish, found
):
    publish("shop", "2.0", requires=["cart>=1"])
    publish("cart", "1.5")
    folder = function(requirements_txt="shop>=1\n")
    assert found(folder) == ["cart==1.5", "shop==2.0", "web==1.0"]


def test_without_requirements_it_is_what_the_runtime_needs(resolver, function, publish, found):
    assert found(function(handler_py="")) == ["web==1.0"]


def test_a_project_file_is_read(either, function, publish, found):
    publish("shop")
    text = '[project]\nname = "f"\nversion = "1"\ndependencies = ["shop"]\n'
    assert found(function(pyproject_toml=text)) == ["shop==1.0", "web==1.0"]


def test_markers_and_tags_are_the_targets(either, function, publish, progress):
    """What pip evaluates for this machine is put right: needs of the target alone are found."""
    publish("fast", "1.0", *MACHINES, requires=[
        "arm-only; platform_machine == 'aarch64'", "intel-only; platform_machine == 'x86_64'",
        "win-only; sys_platform == 'win32'", "new-only; python_version >= '3.12'",
        "old-only; python_version < '3.12'",
    ])  # fmt: skip
    for name in ("arm-only", "intel-only", "win-only", "new-only", "old-only", "direct"):
        publish(name, requires=["deep; platform_machine == 'aarch64'"])
    publish("deep")
    folder = function(requirements_txt="fast\ndirect; platform_machine == 'aarch64'\n")
    names = {
        target.machine.name: [
            item.file_name for item in resolve(folder, WheelSources(), target, progress)
        ]
        for target in (ARM64, AMD64)
    }
    pure = [wheel_name(name) for name in ("arm-only", "deep", "direct", "new-only", "web")]
    assert sorted(names["aarch64"]) == sorted(
        [*pure, wheel_name("fast", "1.0", "cp312-cp312-manylinux_2_17_aarch64")]
    )
    assert sorted(names["x86_64"]) == sorted([
        *[wheel_name(name) for name in ("intel-only", "new-only", "web")],
        wheel_name("fast", "1.0", "cp312-cp312-manylinux_2_17_x86_64"),
    ])  # fmt: skip


def test_an_older_version_with_a_wheel_is_better_than_a_newer_without(
    either, function, publish, found
):
    publish("fast", "2.0", "cp312-cp312-manylinux_2_17_x86_64")
    publish("fast", "1.0", *MACHINES)
    folder = function(requirements_txt="fast\n")
    assert "fast==2.0" in found(folder, AMD64)
    assert "fast==1.0" in found(folder, ARM64)


def test_the_second_time_nothing_is_started(resolver, function, publish, found, environment):
    publish("shop")
    folder = function(requirements_txt="shop\n")
    first = found(folder)
    environment.setattr(tool.Tool, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert found(folder) == first
    (folder / "handler.py").write_text("# edited\n")
    assert found(folder) == first


def test_the_second_time_nothing_heavy_is_imported(resolver, function, publish, found):
    folder = function(requirements_txt="web\n")
    script = f"""
import sys
from pathlib import Path
import wherry_build.image.runtime_wheel as runtime
runtime.runtime_requirements = lambda: ("web",)
from wherry_build.image.engine import WheelSources
from wherry_build.image.platform import Platform
from wherry_build.image.wheels.resolution import resolve, settings_of
from wherry_build.image.wheels.target import Target
target = Target(python=(3, 12), platform=Platform(architecture="amd64"))
class Told:
    def step(self, text): print("step")
resolve(Path({str(folder)!r}), WheelSources(), target, Told())
print(" ".join(sorted(sys.modules)))
"""
    printed = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert [lines[0] == "step" for lines in printed] == [True, False]
    heavy = {"packaging", "urllib3", "subprocess", "zipfile", "tempfile", "importlib.metadata"}
    assert {"packaging", "subprocess", "tempfile"} <= set(printed[0])
    assert not heavy & set(printed[1])


def test_another_file_at_a_path_that_is_asked_for_is_another_input(
    resolver, function, publish, progress
):
    folder = function(requirements_txt="./shop-1.0-py3-none-any.whl\n")
    hashes = []
    for text in (b"x = 1\n", b"x = 22\n"):
        put(folder, "shop", files={"shop.py": text})
        wheels = resolve(folder, WheelSources(), AMD64, progress)
        hashes += [item.sha256 for item in wheels if item.name == "shop"]
    assert len(set(hashes)) == 2


def test_a_newer_version_is_taken_when_it_is_asked_for(resolver, function, publish, found, index):
    publish("shop", "1.0")
    folder = function(requirements_txt="shop\n")
    assert "shop==1.0" in found(folder)
    publish("shop", "2.0")
    assert "shop==1.0" in found(folder)
    # uv keeps an index's pages for some minutes, as this index does not say otherwise.
    shutil.rmtree(folder.parent / "uv")
    assert "shop==2.0" in found(folder, is_renewed=True)
    assert "shop==2.0" in found(folder)


def test_a_private_index_with_a_password(
    either, function, publish, found, index, environment, tmp_path, progress
):
    index.is_html = either == "pip"
    index.user = ("me", SECRET)
    environment.setenv("PIP_INDEX_URL", index.url_of("me", SECRET))
    publish("shop")
    assert "shop==1.0" in found(function(requirements_txt="shop\n"))
    kept = list((tmp_path / "cache").rglob("*"))
    assert [file for file in kept if file.suffix == ".json"]
    for file in kept:
        assert SECRET.encode() not in (file.read_bytes() if file.is_file() else b"")
    assert SECRET not in " ".join(progress.steps)


def test_an_index_of_the_projects_own_with_its_password(
    resolver, function, publish, index, environment, progress, cache
):
    environment.delenv("PIP_INDEX_URL")
    environment.delenv("UV_NO_CONFIG")
    environment.setenv("UV_INDEX_INNER_USERNAME", "me")
    environment.setenv("UV_INDEX_INNER_PASSWORD", SECRET)
    index.user = ("me", SECRET)
    publish("shop")
    folder = function(
        pyproject_toml='[project]\nname = "f"\nversion = "1"\ndependencies = ["shop"]\n'
        f'[[tool.uv.index]]\nname = "inner"\nurl = "{index.url}"\ndefault = true\n'
    )
    wheels = resolve(folder, WheelSources(), AMD64, progress)
    assert [item.pin for item in wheels] == ["shop==1.0", "web==1.0"]
    settings = settings_of(folder, WheelSources())
    assert SECRET not in repr(settings)
    assert fetch(wheels, cache, progress, settings=settings)


def test_a_password_is_not_in_an_error(either, function, index, environment, found):
    index.user = ("me", "another")
    environment.setenv("PIP_INDEX_URL", index.url_of("me", SECRET))
    with pytest.raises(RequirementsUnresolved) as caught:
        found(function(requirements_txt="shop\n"))
    assert SECRET not in caught.value.message + caught.value.hint


def test_what_does_not_exist_is_named_with_the_file(resolver, function, publish, found):
    folder = function(requirements_txt="absent-package\n")
    with pytest.raises(RequirementsUnresolved, match=r"requirements\.txt.*(?s:.*)absent-package"):
        found(folder)


def test_a_folder_of_wheels_is_all_there_is_offline(either, function, index, found, tmp_path):
    for name in ("shop", "web"):
        put(tmp_path / "my wheels", name)
    sources = WheelSources(folder=tmp_path / "my wheels", is_offline=True)
    folder = function(requirements_txt="shop\n")
    assert found(folder, sources=sources) == ["shop==1.0", "web==1.0"]
    assert index.asked == []


def test_what_a_function_asks_of_the_runtime_is_not_looked_up(
    either, function, publish, found, index
):
    publish("wherry", "99.0", requires=["evil"])
    publish("speed")
    folder = function(requirements_txt="wherry[fast]\n")
    assert found(folder) == ["speed==1.0", "web==1.0"]


def hashed(name, version, index):
    """A line of hashed requirements, with the hash of each file of that version."""
    files = [name_ for name_ in index.files if name_.startswith(f"{name}-{version}-")]
    hashes = " ".join(f"--hash=sha256:{sha256(index.files[item]).hexdigest()}" for item in files)
    return f"{name}=={version} {hashes}\n"


def test_hashed_requirements_are_a_lock(either, function, publish, found, index):
    publish("fast", "1.0", *MACHINES)
    publish("fast", "2.0", *MACHINES)
    publish("web", "1.1")
    text = hashed("fast", "1.0", index) + hashed("web", "1.0", index)
    assert found(function(requirements_txt=text)) == ["fast==1.0", "web==1.0"]


def test_what_the_runtime_needs_is_added_to_a_lock(either, function, publish, found, index):
    publish("web", "2.0", requires=["base"])
    publish("base", "1.0")
    publish("base", "2.0")
    text = hashed("base", "1.0", index)
    assert found(function(requirements_txt=text)) == ["base==1.0", "web==2.0"]


def test_a_lock_that_the_runtime_cannot_run_with_is_refused(
    resolver, function, publish, found, index
):
    publish("web", "0.5")
    text = hashed("web", "0.5", index)
    with pytest.raises(RequirementsUnresolved, match=r"locks web 0\.5.*needs web>=1") as caught:
        found(function(requirements_txt=text))
    assert caught.value.hint == "lock web>=1"


def test_another_file_than_the_hashes_allow_is_refused(resolver, function, publish, found, index):
    text = hashed("web", "1.0", index)
    publish("web", "1.0", files={"evil.py": b""})
    with pytest.raises((RequirementsInvalid, RequirementsUnresolved), match="web"):
        found(function(requirements_txt=text))


def test_a_standard_lock_needs_no_tool(function, index, found, environment):
    for name in ("found_uv", "found_pip"):
        environment.setattr(tool, name, lambda _settings: None)
    text = (
        'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "web"\nversion = "1.2"\n'
        f'wheels = [{{ url = "https://f.test/web-1.2-py3-none-any.whl", hashes = {{ sha256 = '
        f'"{"a" * 64}" }} }}]\n'
    )
    assert found(function(pylock_toml=text)) == ["web==1.2"]
    assert index.asked == []


def test_uvs_own_lock_needs_no_tool(function, index, found, environment):
    for name in ("found_uv", "found_pip"):
        environment.setattr(tool, name, lambda _settings: None)
    text = (
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "web"\nversion = "1.2"\n'
        'source = { registry = "https://i.test/simple" }\n'
        'wheels = [{ url = "https://f.test/web-1.2-py3-none-any.whl", '
        f'hash = "sha256:{"a" * 64}", size = 5 }}]\n'
        '[[package]]\nname = "f"\nversion = "1"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "web" }]\n'
    )
    assert found(function(uv_lock=text)) == ["web==1.2"]
    assert index.asked == []


def test_for_strangers_nothing_of_theirs_is_run_or_read(
    either, function, publish, found, index, tmp_path, environment
):
    """A source would run its author's code; `${}` and `-r` would read what is the builder's."""
    strangers = WheelSources(builds=False)
    environment.setenv("BUILDERS_TOKEN", SECRET)
    (tmp_path / "private.txt").write_text(f"{SECRET}\n")
    if either == "pip":
        with pytest.raises(RequirementsUnresolved, match="uv is not installed"):
            found(function(requirements_txt="web\n"), sources=strangers)
        return
    assert found(function(requirements_txt="web\n"), sources=strangers) == ["web==1.0"]
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "old"\nversion = "1.0"\ndynamic = ["dependencies"]\n'
    )
    files = {"pyproject.toml": project, "backend.py": f"open({str(tmp_path / 'ran')!r}, 'w')\n"}
    address = index.put("old-1.0.tar.gz", source("old", files=files))
    for line in (
        "old",
        f"old @ {address}",
        f"# harmless \\\n-r {tmp_path}/private.txt",
        "-r ../private.txt",
        f"-r {tmp_path}/private.txt",
        f"--extra-index-url {index.origin}/${{BUILDERS_TOKEN}}/",
    ):
        with pytest.raises((RequirementsInvalid, RequirementsUnresolved, WheelNotFound)) as caught:
            found(function(requirements_txt=f"{line}\n"), sources=strangers)
        assert SECRET not in caught.value.message
    (tmp_path / "function/requirements.txt").unlink()
    with pytest.raises(WheelNotFound):
        found(
            function(pyproject_toml=project, backend_py=files["backend.py"]),
            sources=strangers,
        )
    assert not (tmp_path / "ran").exists()
    assert not [path for path, _ in index.asked if SECRET in path]
    with pytest.raises((RequirementsUnresolved, WheelNotFound)):
        found(function())
    assert (tmp_path / "ran").exists()  # so it would have been seen


@NEEDS_UV
def test_a_strangers_project_gets_no_password_by_an_indexs_name(
    function, publish, index, environment, progress, cache
):
    """Neither uv nor the download goes where the project says, with what is for our index."""
    environment.setenv("UV_INDEX_CORP_USERNAME", "house")
    environment.setenv("UV_INDEX_CORP_PASSWORD", SECRET)
    publish("shop")
    text = (
        '[project]\nname = "f"\nversion = "1"\ndependencies = ["shop"]\n'
        f'[[tool.uv.index]]\nname = "corp"\nurl = "{index.url}"\n'
        '[tool.uv.sources]\nshop = { index = "corp" }\n'
    )
    sources = WheelSources(builds=False)
    folder = function(pyproject_toml=text)
    wheels = resolve(folder, sources, AMD64, progress)
    fetch(wheels, cache, progress, settings=settings_of(folder, sources))
    assert index.downloads()
    assert not [headers for _, headers in index.asked if "Authorization" in headers]


@NEEDS_UV
def test_strangers_requirements_reach_uv_as_they_were_read(function, publish, found, index):
    """Each file's lines and constraints, options and wheels of the folder, as in one's own."""
    for version in ("1.0", "2.0"):
        publish("shop", version)
    folder = function(
        requirements_txt="-r more.txt\n-c held.txt\n# \\\n./own-1.0-py3-none-any.whl ; "
        "python_version > '3'\n--pre\n",
        more_txt="shop \\\n  >=1 # any\n",
        held_txt="shop<2\n",
    )
    put(folder, "own", "1.0")
    strangers = WheelSources(builds=False)
    assert found(folder, sources=strangers) == ["own==1.0", "shop==1.0", "web==1.0"]
    (folder / "held.txt").write_text("")
    assert found(folder, sources=strangers) == ["own==1.0", "shop==2.0", "web==1.0"]


def test_without_uv_and_pip_it_is_told_what_to_install(function, index, found, environment):
    for name in ("found_uv", "found_pip"):
        environment.setattr(tool, name, lambda _settings: None)
    with pytest.raises(RequirementsUnresolved, match="neither uv nor pip") as caught:
        found(function(requirements_txt="web\n"))
    assert "pip install uv" in caught.value.hint


def test_a_module_of_the_functions_is_not_taken_for_one_of_the_tools(
    either, function, publish, found
):
    folder = function(requirements_txt="web\n", json_py="raise SystemExit(9)\n")
    (folder / "pip.py").write_text("raise SystemExit(9)\n")
    assert found(folder) == ["web==1.0"]


PURE = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
    'backend-path = ["."]\n[project]\nname = "old"\nversion = "1.0"\n',
}
BACKEND = """
import base64, hashlib, zipfile
def row(path, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return path + ",sha256=" + digest + "," + str(len(content)) + "\\n"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "old-1.0-{tag}.whl"
    files = {{"old.py": b"", "old-1.0.dist-info/METADATA":
              b"Metadata-Version: 2.1\\nName: old\\nVersion: 1.0\\n",
              "old-1.0.dist-info/WHEEL":
              b"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n"}}
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
        rows = "".join(row(*item) for item in files.items()) + "old-1.0.dist-info/RECORD,,\\n"
        archive.writestr(zipfile.ZipInfo("old-1.0.dist-info/RECORD"), rows)
    return name
"""


def test_a_pure_source_becomes_a_wheel_once(either, function, publish, found, index, cache):
    files = {**PURE, "backend.py": BACKEND.format(tag="py3-none-any")}
    index.put("old-1.0.tar.gz", source("old", files=files))
    publish("shop", requires=["old>=1"])
    folder = function(requirements_txt="shop\n")
    assert found(folder) == ["old==1.0", "shop==1.0", "web==1.0"]
    (file,) = cache.folder.glob("*/old-1.0-py3-none-any.whl")
    assert read_wheel(file).name == "old-1.0-py3-none-any.whl"


def test_a_wheel_that_was_built_and_is_gone_is_built_again(
    resolver, function, publish, found, index, progress, cache
):
    files = {**PURE, "backend.py": BACKEND.format(tag="py3-none-any")}
    index.put("old-1.0.tar.gz", source("old", files=files))
    folder = function(requirements_txt="old\n")
    for target in (AMD64, ARM64, AMD64):
        assert found(folder, target) == ["old==1.0", "web==1.0"]
    building = "building a wheel of old-1.0.tar.gz"
    assert progress.steps.count(building) == 1
    (file,) = cache.folder.glob("*/old-1.0-py3-none-any.whl")
    file.unlink()
    assert found(folder) == ["old==1.0", "web==1.0"]
    assert progress.steps.count(building) == 2
    assert file.exists()


def test_a_locked_source_is_built_by_either_tool(either, function, index, found, cache):
    content = source("old", files={**PURE, "backend.py": BACKEND.format(tag="py3-none-any")})
    url = index.put("old-1.0.tar.gz", content)
    text = (
        'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "old"\nversion = "1.0"\n'
        f'sdist = {{ url = "{url}", hashes = {{ sha256 = "{sha256(content).hexdigest()}" }} }}\n'
        '[[packages]]\nname = "web"\nversion = "1.0"\nwheels = [{ '
        f'url = "https://f.test/web-1.0-py3-none-any.whl", hashes = {{ sha256 = "{"a" * 64}" }} }}]'
    )
    assert found(function(pylock_toml=text)) == ["old==1.0", "web==1.0"]
    assert list(cache.folder.glob("*/old-1.0-py3-none-any.whl"))


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (BACKEND.format(tag="cp312-cp312-linux_x86_64"), "holds more than Python"),
        ("raise OSError('gcc: command not found')\n", "does not build here"),
    ],
)
def test_a_source_that_needs_a_compiler_is_named_with_the_ways_out(
    either, function, publish, found, index, backend, said
):
    metadata = "Metadata-Version: 2.2\nName: old\nVersion: 1.0\n"
    files = {**PURE, "PKG-INFO": metadata, "backend.py": backend}
    index.put("old-1.0.tar.gz", source("old", files=files))
    with pytest.raises(WheelNotFound, match=rf"old.*: no wheel for linux/amd64.*{said}") as caught:
        found(function(requirements_txt="old\n"))
    assert "--engine docker" in caught.value.hint
    assert "--wheels" in caught.value.hint


def test_settings_of_tools_alone_ask_for_nothing(resolver, function, publish, found):
    assert found(function(pyproject_toml="[tool.ruff]\n")) == ["web==1.0"]


def test_poetrys_own_table_is_told_apart(resolver, function, publish, found):
    folder = function(pyproject_toml="[tool.poetry.dependencies]\nweb = '^1'\n")
    with pytest.raises(RequirementsInvalid, match="Poetry") as caught:
        found(folder)
    assert "poetry export" in caught.value.hint
