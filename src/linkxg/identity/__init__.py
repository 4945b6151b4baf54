"""Accounts and people, OAuth clients, tokens and sessions: who a caller is and what they may do."""
