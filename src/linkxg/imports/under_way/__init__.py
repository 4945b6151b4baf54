"""Imports that are not over."""
