"""Resumable uploads: files that arrive in parts."""
