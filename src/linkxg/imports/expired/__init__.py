"""Imports whose time is over."""
