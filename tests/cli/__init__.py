"""Does the command line do what it says, and say what it does?"""
