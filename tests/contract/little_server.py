"""A plain HTTP server for faults to be let loose on: python little_server.py PORT"""

import http.server
import os
import sys


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = int(os.environ["TARGET_BACKLOG"])


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *ignored: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
