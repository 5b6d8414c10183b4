"""The users: ``executors`` say who may do what (pure), ``engine`` does it, ``shard`` is the process that it runs in.

The load only loads; what a drill is judged on is the probe's rows. ``plan`` is all that a shard is told.
"""
