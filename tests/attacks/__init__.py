"""Which hostile inputs has the service met, and what did it answer? Numbers are those of the security bar."""
