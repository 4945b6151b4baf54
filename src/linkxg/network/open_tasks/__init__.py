"""What waits for an answer of an account: requests of partners, and notices of their recalls."""
