"""Organisations, their people, roles and invitations."""
