"""Requests of partners for a share."""
