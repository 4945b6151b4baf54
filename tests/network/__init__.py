"""Connections between accounts, through the API."""
