"""A run on this machine: pictures are read, asked about, and settled."""
