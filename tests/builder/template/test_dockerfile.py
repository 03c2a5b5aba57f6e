"""The templates' Dockerfile as both builders read it; the interop tier builds from it."""

import re
import subprocess

import pytest

from wherry_build.image.dockerfile import COMPILE, PIP, PIP_SECRETS, Recipe, apt, dockerfile
from wherry_build.template.dockerfile import template_dockerfile


def stages(text):
    """The instructions of what precedes the first stage, and of each stage."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [[]]
    for line in joined.splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append((name, " ".join(rest.split())))
    return found


def settings(stage):
    """What a stage says of how its image runs; the last word counts."""
    kinds = ("WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    environment = {word for name, rest in stage if name == "ENV" for word in rest.split()}
    return {name: rest for name, rest in stage if name in kinds}, environment


def test_the_image_runs_as_one_of_wherry_build():
    _, _, ours = stages(template_dockerfile())
    _, _, built = stages(dockerfile(Recipe(runtime="wherry")))
    assert settings(ours) == settings(built)


def test_every_stage_is_of_the_platform_and_the_base_that_are_asked_for():
    arguments, *images = stages(template_dockerfile())
    assert arguments == [
        ("ARG", "PYTHON_VERSION=3.12"),
        ("ARG", "BASE=python:${PYTHON_VERSION}-slim"),
    ]
    for image in images:
        assert image[0][1].startswith("--platform=${TARGETPLATFORM:-linux/amd64} ${BASE}")


def test_what_faas_cli_always_sends_is_declared():
    for stage in stages(template_dockerfile())[1:]:
        assert ("ARG", "ADDITIONAL_PACKAGE") in stage


def test_tests_run_in_the_stage_that_the_image_is_copied_from():
    """BuildKit builds no stage that nothing is copied from: tests there would never run."""
    _, build, image = stages(template_dockerfile())
    assert any("TEST_COMMAND" in rest for name, rest in build if name == "RUN")
    assert all(rest.startswith("--from=build") for name, rest in image if name == "COPY")
    assert ("ARG", "TEST_ENABLED=false") in build


def test_nothing_asks_for_buildkit():
    text = template_dockerfile()
    assert not re.search(r"--mount|<<|COPY --link|# syntax", text)


def test_secrets_are_for_what_fetches_and_for_nothing_of_the_functions():
    _, build, image = stages(template_dockerfile(has_mounts=True))
    runs = [rest for name, rest in build if name == "RUN"]
    mounted = [rest for rest in runs if "--mount" in rest]
    assert mounted == [rest for rest in runs if "pip install" in rest]
    for rest in mounted:
        for secret, variable in PIP_SECRETS.items():
            assert f"--mount=type=secret,id={secret} " in rest
            assert f"export {variable}=/run/secrets/{secret}" in rest
        assert "TEST_COMMAND" not in rest
    assert not any("--mount" in rest for _, rest in image)


def test_with_mounts_it_is_the_same_image():
    _, _, plain = stages(template_dockerfile())
    _, _, mounted = stages(template_dockerfile(has_mounts=True))
    assert plain == mounted


def test_the_function_changes_the_last_layers_only():
    _, build, image = stages(template_dockerfile())
    runs = [rest for name, rest in build if name in {"RUN", "COPY"}]
    installed = next(i for i, rest in enumerate(runs) if "pip install" in rest)
    copied = next(i for i, rest in enumerate(runs) if rest.startswith("function/ "))
    assert installed < copied
    assert image[-1] == ("COPY", "--from=build /srv/function /srv/function")


@pytest.mark.parametrize("has_mounts", [False, True])
def test_the_runtime_is_the_templates_wheel_or_the_build_fails(tmp_path, has_mounts):
    """Its name on an index is nobody's, and who takes it would have code in these images."""
    _, build, _ = stages(template_dockerfile(has_mounts=has_mounts))
    runs = [rest for name, rest in build if name == "RUN"]
    (checked,) = [rest for rest in runs if "template export" in rest]
    (installed,) = [rest for rest in runs if "requirements.txt" in rest and "/opt/wherry" in rest]
    assert runs.index(checked) < runs.index(installed)
    assert " wheels/wherry-*.whl " in installed
    assert not re.search(r"\bwherry==|(?<![/\w])wherry\b(?!-)", installed)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/other-1-py3-none-any.whl").touch()
    done = subprocess.run(["sh", "-c", checked], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"wherry template export" in done.stderr
    (tmp_path / "wheels/wherry-1-py3-none-any.whl").touch()
    subprocess.run(["sh", "-c", checked], cwd=tmp_path, check=True)


def test_both_dockerfiles_install_and_compile_with_the_same_words():
    ours = template_dockerfile()
    built = dockerfile(Recipe(runtime="wherry", packages=("libpq5",)))
    for text, packages in ((ours, "${ADDITIONAL_PACKAGE}"), (ours, "${kept}"), (built, "libpq5")):
        assert apt(packages) in text
        assert PIP in text
        assert COMPILE in text
