"""The wheel of the runtime: the runtime alone, the same bytes each time, and pip takes it."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile

from wherry_build.image.runtime_wheel import runtime_wheel


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
