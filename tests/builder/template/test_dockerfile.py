"""The templates' Dockerfile as both builders read it; the interop tier builds from it."""

import re

from wherry_build.image.dockerfile import PIP_SECRETS, Recipe, dockerfile
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
