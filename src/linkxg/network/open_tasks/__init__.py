"""What waits for an answer of an account: requests of partners and of readers of passports, and notices of recalls."""
