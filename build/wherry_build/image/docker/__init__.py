"""The engine `docker`: images from a Dockerfile, by Docker, Podman or nerdctl."""

from wherry_build.image.docker.builder import DockerBuilder as DockerBuilder
from wherry_build.image.docker.builder import DockerPublisher as DockerPublisher
from wherry_build.image.docker.selection import container_engine as container_engine
