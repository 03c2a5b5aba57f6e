"""Layers of wheels: large ones alone, and no wheel over the files of another."""

import tarfile
import tracemalloc

import pytest

from wherry_build.errors import UnsafePath, WheelConflict
from wherry_build.image.layers.bytecode import OtherPython
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.contents import LayerOptions
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.wheels import (
    LARGE_BYTES,
    MOST_TOGETHER_BYTES,
    WheelFiles,
    grouped,
    wheel_layers,
)
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.values import replaced


@pytest.fixture
def options(tmp_path):
    return LayerOptions(cache=LayerCache(tmp_path / "cache"), media=MediaTypes.OCI)


@pytest.fixture
def unpacked():
    return []


@pytest.fixture
def make_wheel(unpacked):
    def make_wheel(name, files=None, size_bytes=1000):
        files = {f"{name}/__init__.py": name} if files is None else files

        def entries():
            unpacked.append(name)
            for path, content in files.items():
                yield Entry(path=f"opt/wherry/{path}", content=content.encode())

        return WheelFiles(
            name=f"{name} 1.0", key=f"{name}{files}", size_bytes=size_bytes, entries=entries
        )

    return make_wheel


def names(layers):
    return [layer.purpose for layer in layers]


def files(layer):
    with tarfile.open(layer.content.file) as archive:
        return [member.name for member in archive.getmembers() if member.isfile()]


def test_small_wheels_share_a_layer_and_large_ones_have_their_own(make_wheel, options):
    wheels = [
        make_wheel("six"),
        make_wheel("pandas", size_bytes=LARGE_BYTES * 20),
        make_wheel("click"),
        make_wheel("numpy", size_bytes=LARGE_BYTES),
    ]
    layers = wheel_layers(wheels, options)
    assert names(layers) == [
        "wheels: numpy 1.0",
        "wheels: pandas 1.0",
        "wheels: click 1.0, six 1.0",
    ]
    assert files(layers[2]) == ["opt/wherry/click/__init__.py", "opt/wherry/six/__init__.py"]
    assert wheel_layers(wheels[::-1], options) == layers, "whatever the order they come in"


def test_there_are_at_most_so_many_layers(make_wheel):
    wheels = [make_wheel(f"w{n:02}", size_bytes=LARGE_BYTES + n) for n in range(12)]
    groups = [[wheel.name for wheel in group] for group in grouped(wheels)]
    assert groups == [
        *([f"w{n:02} 1.0"] for n in range(4, 12)),
        ["w00 1.0", "w01 1.0", "w02 1.0", "w03 1.0"],
    ]


def test_no_layer_is_of_more_than_memory_should_hold(make_wheel):
    large = [make_wheel(f"large{n}", size_bytes=MOST_TOGETHER_BYTES * 2) for n in range(9)]
    half = [make_wheel(f"half{n}", size_bytes=MOST_TOGETHER_BYTES // 2) for n in range(3)]
    small = [make_wheel("a"), make_wheel("z")]
    groups = [[wheel.name for wheel in group] for group in grouped([*small, *large, *half])]
    assert groups == [
        *([f"large{n} 1.0"] for n in range(8)),
        ["a 1.0", "half0 1.0"],
        ["half1 1.0", "half2 1.0"],
        ["large8 1.0"],
        ["z 1.0"],
    ]


def test_memory_does_not_grow_with_the_number_of_large_wheels(options):
    def peak(count):
        wheels = [
            WheelFiles(
                name=f"w{count}{n:02}",
                key=f"{count} {n}",
                size_bytes=MOST_TOGETHER_BYTES // 2,
                entries=lambda n=n: [Entry(path=f"opt/{count}/{n}.so", content=bytes(4 << 20))],
            )
            for n in range(count)
        ]
        tracemalloc.start()
        try:
            wheel_layers(wheels, options)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20) < peak(10) + (4 << 20)


def test_no_wheels_no_layers(options):
    assert wheel_layers([], options) == ()


def test_a_wheel_is_unpacked_once_and_then_not_again(make_wheel, options, unpacked):
    wheels = [make_wheel("six"), make_wheel("numpy", size_bytes=LARGE_BYTES)]
    first = wheel_layers(wheels, options)
    assert sorted(unpacked) == ["numpy", "six"]
    assert wheel_layers(wheels, options) == first
    assert sorted(unpacked) == ["numpy", "six"]


def test_wheels_are_unpacked_again_where_the_compiler_fails(make_wheel, options):
    failing = replaced(options, compiler=OtherPython((3, 99), "", "/bin/false"))
    (layer,) = wheel_layers([make_wheel("six"), make_wheel("click")], failing)
    assert files(layer) == ["opt/wherry/click/__init__.py", "opt/wherry/six/__init__.py"]


def test_a_large_wheels_layer_is_shared_between_functions(make_wheel, options):
    numpy = make_wheel("numpy", size_bytes=LARGE_BYTES)
    one = wheel_layers([numpy, make_wheel("six")], options)
    other = wheel_layers([numpy, make_wheel("click")], options)
    assert one[0] == other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("size_bytes", [10, LARGE_BYTES])
def test_two_wheels_with_one_path_are_refused_when_they_differ(make_wheel, options, size_bytes):
    one = make_wheel("one", {"tests/__init__.py": "", "x.py": "1"}, size_bytes)
    same = make_wheel("same", {"tests/__init__.py": "", "x.py": "1"})
    other = make_wheel("other", {"tests/__init__.py": "", "x.py": "2"})
    wheel_layers([one, same], options)
    with pytest.raises(WheelConflict, match=r"/opt/wherry/x\.py: .*one 1\.0.*") as caught:
        wheel_layers([one, other], options)
    assert "other 1.0" in caught.value.message


def test_wheels_whose_layers_are_there_are_compared_too(make_wheel, options):
    one = make_wheel("one", {"x.py": "1"}, LARGE_BYTES)
    other = make_wheel("other", {"x.py": "2"}, LARGE_BYTES)
    wheel_layers([one], options)
    wheel_layers([other], options)
    for _ in range(2):
        with pytest.raises(WheelConflict):
            wheel_layers([one, other], options)


def test_a_hostile_wheel_makes_no_layer(make_wheel, options):
    with pytest.raises(UnsafePath):
        wheel_layers([make_wheel("evil", {"../../etc/passwd": "x"})], options)
    with pytest.raises(UnsafePath):
        wheel_layers([make_wheel("evil", {".wh.wherry": ""})], options)
