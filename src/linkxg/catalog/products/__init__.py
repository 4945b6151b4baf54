"""The products of an account, with their drafts and published versions."""
