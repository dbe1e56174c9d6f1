"""From files to files: the pipeline, provenance and the gated release."""
