"""People: signing in, refreshing, signing out, and what they see of their own sessions."""
