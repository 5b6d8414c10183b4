"""The room of the sandbox: Linux namespaces by util-linux, without root. Standard library only: it starts in 50 ms.

Outside: ``launch`` says how to start it, ``trial`` tries it out, ``remedies`` says what a machine lacks.
Inside: ``enter`` builds the room and becomes the runner, ``init`` lets the runner reap as pid 1 must.
"""
