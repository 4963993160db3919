"""A run on many machines: a coordinator, workers, what they share, and Ray."""
