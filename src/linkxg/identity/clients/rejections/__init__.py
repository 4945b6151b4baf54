"""Requests of clients that were refused, and why: for the client's own account only."""
