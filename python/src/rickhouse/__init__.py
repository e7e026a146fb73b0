"""The Python side of Rickhouse: a zygote that imports the application and forks workers that run
it.
"""
