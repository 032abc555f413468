"""A service that answers whoever brings a good access token:

    pip install -r requirements.txt
    SAOMA_URL=http://localhost:8080 PORT=8100 python server.py
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

from verify import AccessTokens

ISSUER = os.environ.get("SAOMA_URL", "http://localhost:8080")
TOKENS = AccessTokens(ISSUER, os.environ.get("AUDIENCE", ISSUER))


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return self.answer(401, {"error": "a token is needed"})
        try:
            claims = TOKENS.verify(token)
        except jwt.InvalidTokenError as error:
            return self.answer(401, {"error": str(error)})
        except OSError as error:
            self.log_error("Saoma's keys: %s", error)
            return self.answer(503, {"error": "the keys are not at hand"})
        return self.answer(200, {"user": claims["sub"]})

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8100"))), Hello).serve_forever()
