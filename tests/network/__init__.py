"""Connections, shares and what partners see of each other."""
