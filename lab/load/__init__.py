"""The users: ``executors`` say who may do what (pure), ``engine`` does it, ``shard`` is the process that it runs in.

The load only loads; what a drill is judged on is the probe's rows. ``plan`` is all that a shard is told. ``orders`` and
``record`` are what it and a real k6 in its place (``k6``) have in common: what they obey, what they leave behind.
"""
