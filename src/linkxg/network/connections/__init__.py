"""Connections between accounts."""
