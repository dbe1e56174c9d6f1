"""Read and write: which format a path holds, and the contract of a format."""
