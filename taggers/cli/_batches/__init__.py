"""What `plan`, `batch` and `runs` are made of: choosing, approving, running, telling."""
