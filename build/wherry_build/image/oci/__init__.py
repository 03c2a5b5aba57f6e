"""Images as documents: what their parts say, and how they are written to disk or to an engine."""
