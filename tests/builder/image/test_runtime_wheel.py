"""The wheel of the runtime: the runtime alone, the same bytes each time, and pip takes it."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile

from wherry_build.image import runtime_wheel as runtime_wheel_module
from wherry_build.image.runtime_wheel import runtime_requirements, runtime_wheel


def test_the_runtime_wheel_is_the_same_bytes_each_time():
    assert runtime_wheel() == runtime_wheel()


def test_the_runtime_wheel_is_the_runtime_alone():
    wheel = runtime_wheel()
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        names = archive.namelist()
        metadata = archive.read(f"wherry-{wheel.version}.dist-info/METADATA").decode()
    assert {name.partition("/")[0] for name in names} == {
        "wherry",
        f"wherry-{wheel.version}.dist-info",
    }
    assert not any("__pycache__" in name for name in names)
    needed = [line.split()[1] for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert any(name.startswith("flask") for name in needed)
    assert not any(name.startswith(("docker", "pyyaml", "watchfiles", "pytest")) for name in needed)


def test_the_runtime_wheel_has_a_true_record():
    with zipfile.ZipFile(io.BytesIO(runtime_wheel().content)) as archive:
        (record,) = [name for name in archive.namelist() if name.endswith("/RECORD")]
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        for name, digest, size in rows:
            if name != record:
                content = archive.read(name)
                wanted = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                assert (digest, size) == (f"sha256={wanted.decode()}", str(len(content)))


def test_pip_installs_the_runtime_wheel(tmp_path):
    wheel = runtime_wheel()
    (tmp_path / wheel.name).write_bytes(wheel.content)
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", site, tmp_path / wheel.name]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    code = "import wherry; print(wherry.__version__, wherry.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.split() == [wheel.version, str(site / "wherry/__init__.py")]


PYPROJECT = """[project]
name = "wherry"
dependencies = [
  "click>=8.1,<9",
  "orjson >= 3.10, != 3.10.1",
  "thing[b, a] (~=2.0)",
  "plain",
  "uvloop>=0.21,<1; sys_platform != 'win32'  and python_version<'4'",
  "direct @ https://example.com/a,b.whl",
]
"""
INSTALLED = """Metadata-Version: 2.4
Name: wherry
Requires-Dist: direct @ https://example.com/a,b.whl
Requires-Dist: plain
Requires-Dist: click<9,>=8.1
Requires-Dist: orjson!=3.10.1,>=3.10
Requires-Dist: thing[a,b]~=2.0
Requires-Dist: uvloop<1,>=0.21; sys_platform != "win32" and python_version<"4"
Requires-Dist: docker>=7; extra == "build"

About.
"""


def test_a_checkout_and_an_installation_give_one_wheel(tmp_path, monkeypatch):
    made = []
    for place, beside in (
        ("checkout/runtime", "../pyproject.toml"),
        ("lib/site-packages", "wherry-1.2.dist-info/METADATA"),
    ):
        package = tmp_path / place / "wherry"
        package.mkdir(parents=True)
        (package / "_version.py").write_text('__version__ = "1.2"\n')
        file = package.parent / beside
        file.parent.mkdir(exist_ok=True)
        file.write_text(PYPROJECT if file.name == "pyproject.toml" else INSTALLED)
        monkeypatch.setattr(runtime_wheel_module, "_package_folder", lambda found=package: found)
        made.append((runtime_requirements(), runtime_wheel()))
    assert made[0] == made[1]
    assert made[0][0] == (
        "click<9,>=8.1",
        "direct @ https://example.com/a,b.whl",
        "orjson!=3.10.1,>=3.10",
        "plain",
        "thing[a,b]~=2.0",
        'uvloop<1,>=0.21; sys_platform != "win32" and python_version<"4"',
    )
