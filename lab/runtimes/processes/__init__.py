"""The real room, of processes and sockets: inside a sandbox or (``open``) on the machine as it is."""

from lab.runtimes.processes.room import ProcessRoom as ProcessRoom
