"""Does the service keep its HTTP contract, and does the guide's page tell the truth?"""
