"""Manifests: one package a platform, a mesh or a sidecar, and one writer of YAML."""

from wherry_build.manifests.options import Edition as Edition
from wherry_build.manifests.options import KubeVersion as KubeVersion
from wherry_build.manifests.options import Mesh as Mesh
from wherry_build.manifests.options import RenderOptions as RenderOptions
from wherry_build.manifests.options import Sidecar as Sidecar
from wherry_build.manifests.options import Target as Target
from wherry_build.manifests.render import Rendering as Rendering
from wherry_build.manifests.render import render as render
