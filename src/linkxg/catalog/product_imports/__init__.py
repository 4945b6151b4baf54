"""Bulk imports: a file becomes a job, a job becomes products, and what failed comes back as a file."""
