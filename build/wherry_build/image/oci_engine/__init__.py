"""The engine `oci`: images without a container engine."""

from wherry_build.image.oci_engine.builder import OciBuilder as OciBuilder
