"""The database layer on both engines."""
