"""Where pictures are found: folders, globs, lists, manifests, object storage."""
