"""Do products keep their promises, from outside and in their pure parts?"""
