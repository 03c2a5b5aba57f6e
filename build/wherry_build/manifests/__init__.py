"""Manifests: one module a platform, one writer of YAML."""

from wherry_build.manifests.render import Mesh as Mesh
from wherry_build.manifests.render import Rendering as Rendering
from wherry_build.manifests.render import RenderOptions as RenderOptions
from wherry_build.manifests.render import Target as Target
from wherry_build.manifests.render import image_reference as image_reference
from wherry_build.manifests.render import render as render
