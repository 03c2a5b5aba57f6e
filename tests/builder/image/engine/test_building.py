"""Builds of a project: in order, each where it is wanted, and locked."""

import json
import threading

import pytest

from wherry_build.errors import BuildError, BuildUnsupported, InvalidName
from wherry_build.image.build_record import BuildRecord
from wherry_build.image.building import Building, FinishedBuild, lock
from wherry_build.image.delivery import Delivery, Destinations, Output, OutputKind, deliver
from wherry_build.image.engine import BuiltImage
from wherry_build.image.plan import BuildOptions, plan_builds
from wherry_build.image.platform import Platform
from wherry_build.image.record import BuildRecords
from wherry_build.project import read_project
from wherry_build.project.image_lock import ImageLock
from wherry_build.values import replaced

DIGEST = "sha256:" + "a" * 64
BASE_DIGEST = "sha256:" + "b" * 64


class Said:
    def step(self, text):
        """Say nothing."""


def kept_by_an_engine(reference):
    return BuiltImage(
        reference=reference,
        digest="",
        id=DIGEST,
        size_bytes=1,
        platforms=(Platform(architecture="amd64"),),
    )


@pytest.fixture
def project(tmp_path):
    for name in "abc":
        (tmp_path / "functions" / name).mkdir(parents=True)
        (tmp_path / "functions" / name / "handler.py").write_text("def handle(request): ...\n")
    return read_project(tmp_path)


@pytest.fixture
def plans(project):
    return plan_builds(project, BuildOptions(), ImageLock())


class OneEngine:
    publisher = None

    def __init__(self, builder, records):
        self.records = records
        self._builder = builder

    def builder(self, plan):
        return self._builder


def run(plans, builder, records, **options):
    building = Building(Destinations(), OneEngine(builder, records))
    return building.run(plans, lambda plan: Said(), **({"parallel": 3} | options))


def test_all_are_built_in_their_order(plans, tmp_path):
    last_first = [threading.Event() for _ in plans]

    class Builder:
        def build(self, request, progress):
            place = [plan.request.reference for plan in plans].index(request.reference)
            assert place == 2 or last_first[place + 1].wait(10)
            last_first[place].set()
            return kept_by_an_engine(request.reference)

    done = list(run(plans, Builder(), BuildRecords(tmp_path / "builds")))
    assert [each.image.reference for each in done] == [p.request.reference for p in plans]
    assert {each.delivery.loaded for each in done} == {"the container engine"}


def test_after_an_error_none_begins(plans, tmp_path):
    begun = []

    class Builder:
        def build(self, request, progress):
            begun.append(request.function.name)
            raise BuildError(request.function.name)

    with pytest.raises(BuildError, match=r"^a$"):
        list(run(plans, Builder(), BuildRecords(tmp_path / "builds"), parallel=1))
    assert begun == ["a"]


def test_what_had_begun_is_brought_to_its_end(plans, tmp_path):
    both_began = threading.Barrier(2)

    class Builder:
        def build(self, request, progress):
            both_began.wait(10)
            if request.function.name == "a":
                raise BuildError("a cannot")
            return kept_by_an_engine(request.reference)

    building = run(plans[:2], Builder(), BuildRecords(tmp_path / "builds"))
    assert next(building).image.reference == "dev.local/b:latest"
    with pytest.raises(BuildError, match="a cannot"):
        next(building)


def test_builds_of_a_container_engine_are_done_one_by_one(project, tmp_path):
    plans = plan_builds(project, BuildOptions(network="host"), ImageLock())
    at_once, most = [], []

    class Builder:
        def build(self, request, progress):
            at_once.append(request)
            most.append(len(at_once))
            at_once.remove(request)
            return kept_by_an_engine(request.reference)

    assert len(list(run(plans, Builder(), BuildRecords(tmp_path / "builds")))) == 3
    assert most == [1, 1, 1]


def test_the_build_before_is_given(plans, tmp_path, make_image):
    records = BuildRecords(tmp_path / "builds")
    old = make_image({"code": {"a": b"1"}})
    function = plans[0].request.function
    records.write(function, BuildRecord(engine="oci", base="x", image=old))

    class Builder:
        def build(self, request, progress):
            new = kept_by_an_engine(request.reference)
            records.write(function, BuildRecord(engine="oci", base="x", image=new))
            return new

    (done,) = run(plans[:1], Builder(), records)
    assert done.before.image.id == old.id


def finished(plan, image, **delivery):
    return FinishedBuild(
        plan=plan, image=image, delivery=Delivery(**delivery), before=None, took_s=0.1
    )


def test_what_was_published_is_locked(project, plans):
    image = kept_by_an_engine("dev.local/a:latest")
    assert not lock(project, finished(plans[0], image))
    assert not (project.root / "wherry.lock").exists()
    assert lock(project, finished(plans[0], image, pushed=f"dev.local/a:latest@{DIGEST}"))
    written = json.loads((project.root / "wherry.lock").read_text())
    assert written == {"version": 1, "images": {"dev.local/a:latest": DIGEST}}


def test_the_base_is_locked_in_a_project(project, plans):
    image = replaced(
        kept_by_an_engine("dev.local/a:latest"), base=f"python:3.12-slim@{BASE_DIGEST}"
    )
    (project.root / "wherry.yaml").write_text("version: 1\n")
    project = read_project(project.root)
    assert lock(project, finished(plans[0], image))
    written = json.loads((project.root / "wherry.lock").read_text())
    assert written["bases"] == {"python:3.12-slim": BASE_DIGEST}
    plan = replaced(plans[0], base=f"python@{BASE_DIGEST}")
    assert not lock(project, finished(plan, image))


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [("oci:out", "oci", "out"), ("tar:a:b.tar", "tar", "a:b.tar")],
)
def test_outputs(text, kind, path):
    output = Output.parse(text)
    assert (output.kind, str(output.path), str(output)) == (OutputKind(kind), path, text)


@pytest.mark.parametrize("text", ["", "out", "zip:out", "oci:", ":x"])
def test_outputs_that_are_none(text):
    with pytest.raises(InvalidName, match="oci:DIR"):
        Output.parse(text)


def test_what_an_engine_keeps_is_not_written(tmp_path):
    wanted = Destinations(outputs=(Output(kind=OutputKind.LAYOUT, path=tmp_path / "x"),))
    with pytest.raises(BuildUnsupported, match="keeps this image") as raised:
        deliver(kept_by_an_engine("a"), wanted, Said(), None)
    assert "docker save" in raised.value.hint
