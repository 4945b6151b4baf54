"""Does the API's description say what the program does?"""
