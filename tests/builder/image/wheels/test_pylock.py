"""What is taken from a lock for a target: the same on every machine."""

import hashlib

import pytest
from tests.builder.image.wheels.wheel_making import AMD64, ARM64, MUSL

from wherry_build.errors import RequirementsInvalid, WheelNotFound
from wherry_build.image.wheels.locked import LockedSource, LockedWheel
from wherry_build.image.wheels.pylock import selected

HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
WHEEL = (
    '[[packages]]\nname = "a"\n'
    'wheels = [{ url = "https://f.test/a-1-py3-none-any.whl", hashes = HASHES }]\n'
)
MACHINES = ("x86_64", "aarch64")


def sha(name):
    return hashlib.sha256(name.encode()).hexdigest()


def package(name, version, *files, marker=""):
    lines = ["[[packages]]", f'name = "{name}"', f'version = "{version}"']
    if marker:
        lines.append(f'marker = "{marker}"')
    wheels = [
        f'{{ url = "https://u:s3cret@files.test/{file}", hashes = {{ sha256 = "{sha(file)}" }} }}'
        for file in files
        if file.endswith(".whl")
    ]
    lines.append(f"wheels = [{', '.join(wheels)}]")
    lines += [
        f'sdist = {{ url = "https://files.test/{file}", hashes = {{ sha256 = "{sha(file)}" }} }}'
        for file in files
        if not file.endswith(".whl")
    ]
    return "\n".join(lines) + "\n"


def compiled(name, version):
    """What projects with compiled parts publish: wheels for many, and a source."""
    return package(
        name,
        version,
        *(f"{name}-{version}-cp312-cp312-macosx_11_0_{machine}.whl" for machine in MACHINES),
        *(
            f"{name}-{version}-cp312-cp312-manylinux2014_{machine}.manylinux_2_17_{machine}.whl"
            for machine in MACHINES
        ),
        *(f"{name}-{version}-cp312-cp312-musllinux_1_2_{machine}.whl" for machine in MACHINES),
        f"{name}-{version}-cp312-cp312-win_amd64.whl",
        f"{name}-{version}.tar.gz",
    )


@pytest.fixture
def taken(tmp_path):
    def taken(text, target=ARM64, **said):
        return selected(HEAD + text, tmp_path / "pylock.toml", target, **said)

    return taken


def test_an_arm64_image_gets_aarch64_or_pure_wheels_only(taken):
    names = ("httptools", "markupsafe", "orjson", "uvloop")
    text = "".join(compiled(name, "1.0") for name in names)
    text += package("click", "8.0", "click-8.0-py3-none-any.whl")
    found = taken(text)
    assert [item.name for item in found] == ["click", *names]
    for item in found:
        assert isinstance(item, LockedWheel)
        assert item.file_name.endswith(("_aarch64.whl", "-none-any.whl"))
        assert "musllinux" not in item.file_name


@pytest.mark.parametrize(
    ("target", "ending"),
    [
        (AMD64, "manylinux2014_x86_64.manylinux_2_17_x86_64.whl"),
        (ARM64, "manylinux2014_aarch64.manylinux_2_17_aarch64.whl"),
        (MUSL, "musllinux_1_2_x86_64.whl"),
    ],
)
def test_the_base_decides_which_wheel(taken, target, ending):
    (found,) = taken(compiled("uvloop", "0.21"), target)
    assert found.file_name.endswith(ending)


def test_markers_are_the_targets(taken):
    text = package("a", "1", "a-1-py3-none-any.whl", marker="platform_machine == 'aarch64'")
    text += package("b", "1", "b-1-py3-none-any.whl", marker="sys_platform == 'darwin'")
    assert [item.name for item in taken(text)] == ["a"]
    assert taken(text, AMD64) == ()


def test_an_abi_that_stays_is_taken_from_an_older_python(taken):
    (found,) = taken(package("c", "1", "c-1-cp39-abi3-manylinux_2_28_aarch64.whl"))
    assert found.file_name.startswith("c-1-cp39-abi3")


def test_credentials_are_not_locked(taken):
    (found,) = taken(package("a", "1", "a-1-py3-none-any.whl"))
    assert found.url == "https://files.test/a-1-py3-none-any.whl"


def test_a_source_is_told_apart_from_a_wheel(taken):
    (found,) = taken(package("a", "1", "a-1-cp312-cp312-win_amd64.whl", "a-1.tar.gz"))
    assert isinstance(found, LockedSource)


def test_a_package_without_a_wheel_for_the_target_is_named(taken):
    with pytest.raises(WheelNotFound, match=r"linux/arm64.*'a'") as caught:
        taken(package("a", "1", "a-1-cp312-cp312-win_amd64.whl"))
    assert "--engine docker" in caught.value.hint
    assert "--wheels" in caught.value.hint


def test_hashes_that_the_requirements_allow_narrow_the_choice(taken):
    text = compiled("uvloop", "1.0")
    allowed = "uvloop-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    with pytest.raises(WheelNotFound):
        taken(text, hashes={"uvloop": frozenset({sha(allowed)})})
    (found,) = taken(text, MUSL, hashes={"uvloop": frozenset({sha(allowed)})})
    assert found.file_name == allowed
    with pytest.raises(RequirementsInvalid, match="uvloop"):
        taken(text, hashes={"uvloop": frozenset({"0" * 64})})


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ('vcs = { type = "git", url = "https://h.test/r", commit-id = "1" }', "a repository"),
        ('directory = { path = "./a" }', "a folder"),
    ],
)
def test_what_has_no_hash_is_refused_with_a_way_out(taken, where, said):
    with pytest.raises(WheelNotFound, match=said) as caught:
        taken(f'[[packages]]\nname = "a"\nversion = "1"\n{where}\n')
    assert "pip wheel" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "[[packages]",
        '[[packages]]\nname = "Not Normalized"\n',
        WHEEL.replace(", hashes = HASHES", ""),
        WHEEL.replace("HASHES", '{ md5 = "1" }'),
        WHEEL.replace("HASHES", '{ sha256 = "../../x" }'),
        'requires-python = ">=4"\npackages = []\n',
    ],
)
def test_what_is_no_lock_for_this_is_refused(taken, text):
    with pytest.raises((RequirementsInvalid, WheelNotFound), match=r"pylock\.toml"):
        taken(text)


def test_a_path_starts_at_the_lock(taken, tmp_path):
    text = (
        '[[packages]]\nname = "a"\nversion = "1"\n'
        f'wheels = [{{ path = "w/a-1-py3-none-any.whl", hashes = {{ sha256 = "{"0" * 64}" }} }}]\n'
    )
    (found,) = taken(text)
    assert found.url == (tmp_path / "w/a-1-py3-none-any.whl").as_uri()


def test_what_is_encoded_in_a_path_stays_so(taken, tmp_path):
    """Decoded it would lead out of the folder that was looked at."""
    text = (
        '[[packages]]\nname = "a"\nversion = "1"\n'
        'wheels = [{ name = "a-1-py3-none-any.whl", path = "..%2f..%2fetc/passwd", '
        f'hashes = {{ sha256 = "{"0" * 64}" }} }}]\n'
    )
    (found,) = taken(text)
    assert found.url == (tmp_path / "..%2f..%2fetc/passwd").as_uri()
