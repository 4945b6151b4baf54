"""Killed processes, full disks and lost databases: what is lost, and what is promised."""
