"""What is lost, and what is promised, when processes die, disks fill up and databases go away?"""
