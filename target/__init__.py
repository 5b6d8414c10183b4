"""The service that drills break when they have no other: two HTTP APIs, coupon issue and order, with a front like Tomcat's.

Started as ``python -m target``; every setting is an environment variable (see ``settings``). It knows nothing of the lab.
"""
