"""Images: what goes into one, and the engine that builds it."""

from wherry_build.image.engine import Builder as Builder
from wherry_build.image.engine import BuiltImage as BuiltImage
from wherry_build.image.engine import ImageRequest as ImageRequest
from wherry_build.image.engine import Publisher as Publisher
