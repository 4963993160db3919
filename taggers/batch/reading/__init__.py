"""What is read out of a store: views, queries, exports, results to compare."""
