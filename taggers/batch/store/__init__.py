"""The store, one SQLite file, and what is written into it: runs, calls, results, judgements."""
