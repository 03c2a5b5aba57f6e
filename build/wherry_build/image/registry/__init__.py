"""Registries of images, as the OCI Distribution Specification 1.1 has them: reading and writing.

`publishing` publishes an image, `base` reads the one that another stands on; both share the
connections and tokens of one `registries.Registries`. Nothing here knows what an image is made
of beyond manifests that name blobs.
"""
