"""What happens when many do the same thing at the same moment, on one worker or on several?"""
