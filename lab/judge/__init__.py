"""Reading a stored history: what was bad, when it was provable, when it ended. Pure: no clock, no files, no sockets."""
