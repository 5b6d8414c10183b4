"""The HTTP/1.1 client that keeps time, classifies what it meets and never retries.

``template`` makes the bytes of a request, ``answer`` reads those of an answer, ``connection`` is one TCP connection
with one exchange at a time, ``client`` dials (``tls``: whom it trusts). ``httpx_transport`` offers the same to code
written for httpx; ``reply`` is what a scripted user sees of an answer.
"""
