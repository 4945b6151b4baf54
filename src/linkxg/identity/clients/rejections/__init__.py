"""Rejected requests of clients and their causes, visible to the client's account."""
