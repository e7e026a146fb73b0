"""The Python side of Rickhouse: a zygote that imports the application, workers that run it."""
