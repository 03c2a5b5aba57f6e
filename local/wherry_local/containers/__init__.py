"""Functions that are images of somebody else's: run by a container engine, where one is there."""

from wherry_local.containers.engine import Engine as Engine
from wherry_local.containers.launcher import ContainerLauncher as ContainerLauncher
