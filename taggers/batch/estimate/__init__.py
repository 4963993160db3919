"""What a run would do, before anything is spent."""
