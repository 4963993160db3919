"""The viewer in a real browser, opened as a file, with the network off."""
