"""The contenders' programs: each does the same work in its own way, and prints what it cost."""
