"""Retention: jobs and uploads that are deleted once their time is over."""
