"""What an image is put together from: Dockerfile, runtime wheel, wheels and the function."""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile

import pytest

from wherry_build.errors import InvalidName, ProjectError
from wherry_build.image.assembly import ImageOptions, image_request, planned_dockerfile
from wherry_build.image.dockerfile import Recipe, dockerfile
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.project import read_project

HANDLER = "def handle(request): ...\n"


@pytest.fixture
def function(write):
    root = write({"hello/handler.py": HANDLER, "hello/requirements.txt": "six\n"})
    return read_project(root / "hello").functions[0]


def unpacked(request):
    with tarfile.open(fileobj=io.BytesIO(request.context)) as archive:
        return {
            member.name: archive.extractfile(member).read()
            for member in archive.getmembers()
            if member.isfile()
        }


def instructions(text):
    joined = text.replace("\\\n", "")
    return [line.split(None, 1) for line in joined.splitlines() if line and line[0] != "#"]


def test_a_context_holds_dockerfile_runtime_and_function(function):
    request = image_request(function, ImageOptions(tag="ghcr.io/acme/hello:1"))
    wheel = runtime_wheel()
    assert list(unpacked(request)) == [
        "Dockerfile",
        "function/handler.py",
        "function/requirements.txt",
        f"wheels/{wheel.name}",
    ]
    assert unpacked(request)[f"wheels/{wheel.name}"] == wheel.content


def test_the_same_function_is_the_same_context(function):
    options = ImageOptions(tag="hello")
    assert image_request(function, options) == image_request(function, options)


def test_what_the_final_image_is(function):
    text = planned_dockerfile(function)
    final = instructions("FROM " + text.rpartition("\nFROM ")[2])
    said = {name: value for name, value in final if name.isupper()}
    assert said["USER"] == "65532:65532"
    assert json.loads(said["ENTRYPOINT"]) == ["python3", "-m", "wherry"]
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert said["EXPOSE"] == "8080"
    check = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert check[0] == "python3"
    compile(check[-1], "healthcheck", "exec")
    assert not any(name in {"RUN", "ADD"} for name, _ in final), "no shell in the final stage"
    copies = [value for name, value in final if name == "COPY"]
    assert all(value.startswith("--from=build ") for value in copies)
    assert final[-1] == ["COPY", "--from=build /srv/function /srv/function"], "edits are last"


def test_a_base_of_ones_own_and_no_secret_arguments(function):
    text = planned_dockerfile(function)
    assert instructions(text)[0] == ["ARG", "BASE=python:3.12-slim"]
    arguments = [value for name, value in instructions(text) if name == "ARG"]
    assert arguments == ["BASE=python:3.12-slim"]
    assert "--mount" not in text, "the classic builder has no mounts"


def test_requirements_are_installed_where_there_are_any(write):
    root = write({"bare/handler.py": HANDLER})
    bare = read_project(root / "bare").functions[0]
    assert "requirements.txt" not in planned_dockerfile(bare)
    request = image_request(bare, ImageOptions(tag="bare"))
    assert "requirements.txt" not in unpacked(request)["Dockerfile"].decode()


def test_a_handler_of_another_name_is_named(write):
    root = write({"svc.py": HANDLER})
    function = read_project(root / "svc.py").functions[0]
    assert "WHERRY_HANDLER=/srv/function/svc.py" in planned_dockerfile(function)


def test_wheels_of_ones_own(function, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "six-1-py3-none-any.whl").write_bytes(b"six")
    (wheels / "notes.txt").write_text("no wheel")
    request = image_request(function, ImageOptions(tag="hello", wheels=wheels, is_offline=True))
    files = unpacked(request)
    assert files["wheels/six-1-py3-none-any.whl"] == b"six"
    assert not any("notes" in name for name in files)
    assert "--no-index" in files["Dockerfile"].decode()


@pytest.mark.parametrize("options", [{"tag": "a b"}, {"tag": "x", "base": "$(evil)"}])
def test_references_are_checked(function, options):
    with pytest.raises(InvalidName):
        image_request(function, ImageOptions(**options))


def test_an_ignored_handler_is_an_error(write):
    root = write({"hello/handler.py": HANDLER, "hello/.dockerignore": "*.py\n"})
    with pytest.raises(ProjectError, match="keep the handler out"):
        image_request(read_project(root / "hello").functions[0], ImageOptions(tag="x"))


def test_labels_are_quoted():
    text = dockerfile(Recipe(runtime="x", labels=(("a", 'b" c\nRUN evil'),)))
    assert not any(name == "RUN" and "evil" in value for name, value in instructions(text))


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
