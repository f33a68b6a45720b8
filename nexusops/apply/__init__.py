"""Act: each step is written down before it is done and after, and what an outcome alters is in the same transaction."""
