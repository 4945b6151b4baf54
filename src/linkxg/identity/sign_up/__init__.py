"""Accounts that people create for themselves, with a confirmed e-mail address."""
