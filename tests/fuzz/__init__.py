"""What does the service answer to requests that nobody thought of?"""
