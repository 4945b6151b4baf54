"""Search and lists of products."""
