"""moto's S3 for the tests: with every signature checked by botocore, and with faults on request.

`server.py KEY_ID SECRET` prints its port and serves until its standard input ends, so it never
outlives its test. Paths below /_test are the test's own:

- /_test/raw/...: the same request without a look at its signature and without faults
- /_test/fault/BUCKET/MODE/COUNT: what happens to the next COUNT requests to a bucket: busy, hang,
  cut, elsewhere
- /_test/fill/BUCKET/PREFIX/COUNT: that many images at once
"""

import hashlib
import os
import sys
import threading
import time
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlencode

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

MOTO = create_backend_app("s3")


class Storage:
    def __init__(self, key_id, secret):
        self.credentials = Credentials(key_id, secret)
        self.lock = threading.Lock()
        self.faults = {}

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path.startswith("/_test/"):
            answer = self.command(environ, request.path.removeprefix("/_test/"))
        else:
            answer = self.take_fault(request.path.split("/")[1]) or self.refusal(request) or MOTO
        if answer == "cut":
            return self.cut(environ, start_response)
        return answer(environ, start_response)

    def command(self, environ, path):
        what, _, rest = path.partition("/")
        if what == "raw":
            # moto looks whether somebody signed, and not how.
            environ["HTTP_AUTHORIZATION"] = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request"
            environ["PATH_INFO"] = environ["RAW_URI"] = environ["REQUEST_URI"] = "/" + rest
            return MOTO
        if what == "fault":
            bucket, mode, count = rest.split("/")
            with self.lock:
                self.faults[bucket] = [mode] * int(count)
        if what == "fill":
            bucket, prefix, count = rest.split("/")
            backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
            for number in range(int(count)):
                name = hashlib.sha256(str(number).encode()).hexdigest()
                backend.put_object(bucket, f"{prefix}/{name}.jpg", b"")
        return Response(status=204)

    def take_fault(self, bucket):
        with self.lock:
            faults = self.faults.get(bucket)
            if not faults:
                return None
            fault = faults.pop()
        if fault == "hang":
            time.sleep(20)
        if fault == "elsewhere":
            return Response(status=307, headers={"Location": "http://127.0.0.1:1/"})
        return "cut" if fault == "cut" else error(503, "SlowDown")

    def cut(self, environ, start_response):
        """Half of a good answer, whose length says that it is whole."""
        answer = Response.from_app(MOTO, environ)
        whole = answer.get_data()
        start_response(answer.status, [("Content-Length", str(len(whole)))])
        return [whole[: len(whole) // 2]]

    def refusal(self, request):
        query = {name: values[0] for name, values in parse_qs(request.query_string.decode(), keep_blank_values=True).items()}
        given = query.pop("X-Amz-Signature", None)
        if given is None:
            return error(403, "AccessDenied")
        key_id, _, region, service, _ = query["X-Amz-Credential"].split("/")
        if key_id != self.credentials.access_key:
            return error(403, "InvalidAccessKeyId")
        began = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        age = (datetime.now(timezone.utc) - began).total_seconds()
        if not -60 < age < int(query["X-Amz-Expires"]):
            return error(403, "AccessDenied")
        signed = query["X-Amz-SignedHeaders"].split(";")
        again = AWSRequest(
            method=request.method,
            url=f"{request.url_root.rstrip('/')}{request.environ['RAW_URI'].split('?')[0]}?{urlencode(query)}",
            headers={name: request.headers[name] for name in signed if name != "host"},
        )
        again.context["timestamp"] = query["X-Amz-Date"]
        auth = S3SigV4QueryAuth(self.credentials, service, region)
        expected = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
        if given != expected:
            return error(403, "SignatureDoesNotMatch")
        return None


def error(status, code):
    return Response(f"<Error><Code>{code}</Code></Error>", status=status, mimetype="application/xml")


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


def main():
    server = make_server("127.0.0.1", 0, Storage(*sys.argv[1:]), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)


main()
