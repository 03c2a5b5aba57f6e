"""Tags and markers are the target's, whatever machine the test runs on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.tags import Tag
from tests.builder.image.wheels.wheel_making import AMD64, ARM64, MUSL

from wherry_build.errors import InvalidName
from wherry_build.image.platform import Platform
from wherry_build.image.wheels.target import Target


def target(architecture="amd64", *, variant="", **said):
    said = {"python": (3, 12), **said}
    return Target(platform=Platform(architecture=architecture, variant=variant), **said)


def test_every_floor_of_glibc_is_named_down_to_the_oldest():
    tags = AMD64.platform_tags()
    assert tags[0] == "manylinux_2_36_x86_64"
    assert [f"manylinux_2_{minor}_x86_64" in tags for minor in range(5, 37)] == [True] * 32
    assert "manylinux_2_37_x86_64" not in tags
    assert {"manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"} < set(tags)
    assert tags[-1] == "linux_x86_64"


def test_arm_has_no_older_floor_than_2_17():
    tags = ARM64.platform_tags()
    assert tags[0] == "manylinux_2_36_aarch64"
    assert tags[-3:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64")
    assert not [tag for tag in tags if "x86" in tag]


def test_alpine_takes_musllinux_alone():
    assert MUSL.platform_tags() == (
        "musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64", "linux_x86_64",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        (Tag("cp312", "cp312", "manylinux_2_17_aarch64"), True),
        (Tag("cp38", "abi3", "manylinux_2_28_aarch64"), True),
        (Tag("py3", "none", "any"), True),
        (Tag("py3", "none", "manylinux2014_aarch64"), True),
        (Tag("cp312", "none", "any"), True),
        (Tag("cp311", "cp311", "manylinux_2_17_aarch64"), False),
        (Tag("cp313", "abi3", "manylinux_2_17_aarch64"), False),
        (Tag("cp312", "cp312t", "manylinux_2_17_aarch64"), False),
        (Tag("cp312", "cp312", "manylinux_2_17_x86_64"), False),
        (Tag("cp312", "cp312", "manylinux_2_37_aarch64"), False),
        (Tag("cp312", "cp312", "musllinux_1_1_aarch64"), False),
        (Tag("cp312", "cp312", "macosx_11_0_arm64"), False),
        (Tag("pp310", "pypy310_pp73", "manylinux_2_17_aarch64"), False),
    ],
)
def test_which_wheels_run_there(tag, fits):
    assert (tag in ARM64.tags()) is fits


@pytest.mark.parametrize(
    ("marker", "applies"),
    [
        ("platform_machine == 'aarch64'", True),
        ("sys_platform == 'linux' and os_name == 'posix'", True),
        ("platform_system == 'Darwin' or sys_platform == 'win32'", False),
        ("python_version < '3.12'", False),
        ("python_full_version >= '3.12'", True),
        ("platform_python_implementation == 'CPython'", True),
        ("platform_release == '' and platform_version == ''", True),
        ("extra == 'fast'", False),
    ],
)
def test_markers_are_evaluated_for_the_target(marker, applies):
    assert ARM64.applies(Marker(marker)) is applies


def test_the_last_digit_counts_where_the_base_tells_it():
    early = target(python=(3, 11))
    late = target(python=(3, 11), python_full_version="3.11.9")
    marker = Marker("python_full_version < '3.11.3'")
    assert early.applies(marker)
    assert not late.applies(marker)
    assert early.key != late.key


def test_a_variant_tells_arms_apart_and_no_others():
    assert target("arm", variant="v6").machine.name == "armv6l"
    assert target("arm").machine.name == "armv7l"
    assert target("amd64", variant="v3").key == target("amd64").key


@pytest.mark.parametrize("platform", ["linux/mips", "windows/amd64", "linux/arm/v5"])
def test_what_no_wheels_are_made_for_is_refused(platform):
    with pytest.raises(InvalidName, match="linux/arm64"):
        Target(python=(3, 12), platform=Platform.parse(platform))


@given(st.integers(17, 60), st.integers(17, 60))
def test_a_newer_libc_runs_all_that_an_older_one_runs(one, other):
    old, new = sorted((one, other))
    older = set(target(libc_version=(2, old)).platform_tags())
    newer = set(target(libc_version=(2, new)).platform_tags())
    assert older <= newer
    assert (older == newer) == (old == new)
