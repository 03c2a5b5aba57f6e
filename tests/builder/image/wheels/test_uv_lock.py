"""uv's own lock is walked for the target, and needs no uv."""

import pytest
from tests.builder.image.wheels.wheel_making import AMD64, ARM64

from wherry_build.errors import RequirementsInvalid, WheelNotFound
from wherry_build.image.wheels.locked import LockedSource
from wherry_build.image.wheels.uv_lock import selected_of_uv

REGISTRY = '{ registry = "https://i.test/simple" }'
HEAD = 'version = 1\nrevision = 5\nrequires-python = ">=3.11"\n'


def package(name, *needs, version="1.0", files=None, source=REGISTRY, more=""):
    """A package in the words of the lock."""
    files = [f"{name}-{version}-py3-none-any.whl"] if files is None else files
    said = ", ".join(
        f'{{ url = "https://me:s3cret@f.test/{file}", hash = "sha256:{"a" * 64}", size = 7 }}'
        for file in files
        if file.endswith(".whl")
    )
    archives = [
        f'sdist = {{ url = "https://f.test/{file}", hash = "sha256:{"b" * 64}" }}'
        for file in files
        if not file.endswith(".whl")
    ]
    return "\n".join(
        [
            "[[package]]",
            f'name = "{name}"\nversion = "{version}"',
            f"source = {source}",
            f"dependencies = [{', '.join(needs)}]",
            *archives,
            f"wheels = [{said}]",
            more,
            "",
        ]
    )


def project(*needs, more=""):
    return package("f", *needs, files=[], source='{ virtual = "." }', more=more)


@pytest.fixture
def taken(tmp_path):
    def taken(*packages, target=ARM64):
        return selected_of_uv(HEAD + "".join(packages), tmp_path / "uv.lock", target)

    return taken


def test_what_the_project_needs_is_taken_and_development_groups_are_not(taken):
    found = taken(
        project('{ name = "web" }', more='[package.dev-dependencies]\ndev = [{ name = "lint" }]'),
        package("web", '{ name = "base" }'),
        package("base"),
        package("lint"),
    )
    assert [(item.pin, item.size_bytes) for item in found] == [("base==1.0", 7), ("web==1.0", 7)]
    assert found[0].url == "https://f.test/base-1.0-py3-none-any.whl"


def test_markers_and_wheels_are_the_targets(taken):
    files = [f"web-1.0-cp312-cp312-manylinux_2_17_{name}.whl" for name in ("x86_64", "aarch64")]
    packages = (
        project(
            '{ name = "web" }',
            '{ name = "arm", marker = "platform_machine == \'aarch64\'" }',
            '{ name = "win", marker = "sys_platform == \'win32\'" }',
        ),
        package("web", files=files),
        package("arm"),
        package("win"),
    )
    assert [item.file_name for item in taken(*packages)] == ["arm-1.0-py3-none-any.whl", files[1]]
    assert [item.file_name for item in taken(*packages, target=AMD64)] == [files[0]]


def test_an_extra_is_walked_where_it_is_asked_for(taken):
    more = '[package.optional-dependencies]\nfast = [{ name = "speed" }]\nslow = [{ name = "x" }]'
    found = taken(
        project('{ name = "web", extra = ["fast"] }'),
        package("web", more=more),
        package("speed"),
        package("x"),
    )
    assert [item.name for item in found] == ["speed", "web"]


def test_of_two_versions_the_one_that_is_meant_is_taken(taken):
    needs = [
        f'{{ name = "web", version = "{version}", marker = "platform_machine == \'{machine}\'" }}'
        for version, machine in (("1.0", "x86_64"), ("2.0", "aarch64"))
    ]
    packages = (project(*needs), package("web"), package("web", version="2.0"))
    assert [item.pin for item in taken(*packages)] == ["web==2.0"]
    assert [item.pin for item in taken(*packages, target=AMD64)] == ["web==1.0"]


def test_a_path_stands_for_itself(taken, tmp_path):
    """Decoded it would lead out of the folder that was looked at."""
    web = package("web", source='{ registry = "../w%20h" }')
    web = web.replace('url = "https://me:s3cret@f.test/', 'path = "..%2f..%2fetc/')
    (found,) = taken(project('{ name = "web" }'), web)
    place = tmp_path.parent / "w%20h/..%2f..%2fetc/web-1.0-py3-none-any.whl"
    assert found.url == place.as_uri()


def test_a_package_without_a_wheel_is_a_source_or_an_error(taken):
    files = ["web-1.0-cp312-cp312-win_amd64.whl"]
    packages = project('{ name = "web" }'), package("web", files=[*files, "web-1.0.tar.gz"])
    assert isinstance(taken(*packages)[0], LockedSource)
    with pytest.raises(WheelNotFound, match=r"web 1\.0: no wheel for linux/arm64"):
        taken(packages[0], package("web", files=files))
    with pytest.raises(WheelNotFound, match="git"):
        taken(packages[0], package("web", files=[], source='{ git = "https://h.test/r#1" }'))


@pytest.mark.parametrize(
    "text",
    [
        "version = 2\n",
        "version = 1\n",
        "version = 1\npackage = 3\n",
        'version = 1\nrequires-python = ">=4"\npackage = []\n',
        HEAD + "package = []\n",
        HEAD + project('{ name = "absent" }'),
        HEAD + project('{ name = "web", marker = "nonsense" }') + package("web"),
        HEAD + project('{ name = "web" }') + package("web", files=["not a wheel.whl"]),
        HEAD + project('{ name = "web" }') + package("web").replace("sha256:", "md5:"),
        HEAD + project('{ name = "web" }') + package("web").replace("a" * 64, "../x"),
        HEAD + (project('{ name = "web" }') + package("web")).replace('"web"', r'"web\n-r x"'),
        HEAD
        + project('{ name = "web" }')
        + package("web", version=r"1\n-r x", files=["w-1.tar.gz"]),
        HEAD + project('{ name = "web" }') + package("web").replace("//me", r"//f.test/\u2028-r"),
    ],
)
def test_what_is_no_lock_for_this_is_refused(text, tmp_path):
    with pytest.raises(RequirementsInvalid, match=r"uv\.lock"):
        selected_of_uv(text, tmp_path / "uv.lock", ARM64)
