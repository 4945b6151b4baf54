"""The files in `deploy/` fit together and do what operations.md says."""
