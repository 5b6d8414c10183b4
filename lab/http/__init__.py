"""The HTTP/1.1 client that keeps time, classifies what it meets and never retries.

``template`` makes the bytes of a request, ``answer`` reads those of an answer, ``connection`` is one TCP connection
with one exchange at a time, ``client`` dials. ``httpx_transport`` offers the same to code written for httpx.
"""
