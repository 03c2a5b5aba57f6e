"""Where applying waits: nothing leads to a function before it is ready."""

import pytest

from tests.builder.manifests.full_project import full_project
from wherry_build.deploy.waves import waves
from wherry_build.manifests.options import Mesh, RenderOptions, Target
from wherry_build.manifests.render import render
