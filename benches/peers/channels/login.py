"""The login: five statements, the messages, the requests.

The statements go through psycopg's own asyncio pool, not through Django's threads, which would
take more time.
"""

import asyncio
import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path
from secrets import token_bytes
from uuid import uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.http import JsonResponse
from django.urls import path
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

SQL = {
    file.stem: re.sub(r"\$(\d)", r"%(p\1)s", file.read_text().replace("%", "%%"))
    for file in (Path(__file__).parent.parent / "sql").glob("*.sql")
}
PORT = os.environ["PORT"]

pools = {}
opening = asyncio.Lock()


async def pool(name):
    """A pool of ten; the first who asks opens it, since that needs the running loop."""
    if name not in pools:
        async with opening:
            if name not in pools:
                # A row of an open page that is lost in a crash means that its browser gets a new
                # code, no more; Saoma's are written so too.
                options = "-c synchronous_commit=off" if name == "relaxed" else ""
                new = AsyncConnectionPool(
                    os.environ["DATABASE_URL"],
                    min_size=10,
                    max_size=10,
                    open=False,
                    timeout=30,
                    kwargs={"autocommit": True, "row_factory": dict_row, "options": options,
                            "prepare_threshold": 0},
                )
                await new.open(wait=True)
                pools[name] = new
    return pools[name]


async def run(statement, *values, on="durable"):
    """Runs one statement, a transaction of its own; its row, if it gives one."""
    parameters = {f"p{number}": value for number, value in enumerate(values, 1)}
    async with (await pool(on)).connection() as connection:
        cursor = await connection.execute(SQL[statement], parameters)
        return await cursor.fetchone() if cursor.description else None


def base64url(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def hash_of_secret(text):
    return sha256(urlsafe_b64decode(text + "=" * (-len(text) % 4))).digest()


def compact(message):
    return json.dumps(message, separators=(",", ":"))


class LoginPage(AsyncWebsocketConsumer):
    async def connect(self):
        cookies = SimpleCookie(dict(self.scope["headers"]).get(b"cookie", b"").decode())
        self.attempt = uuid4()
        # A code of the stock: the image's name stands for a scene here, which the clients know.
        image = token_bytes(32)
        name = f"{image.hex()}.png"
        scene = base64url(image[:24])
        secret = hash_of_secret(cookies["saoma_browser"].value)
        await run("open", self.attempt, secret, sha256(scene.encode()).digest(), name, on="relaxed")
        await self.channel_layer.group_add(group(self.attempt), self.channel_name)
        await self.accept()
        await self.send(
            compact(
                {
                    "type": "ticket",
                    "attempt": str(self.attempt),
                    "version": 1,
                    "code_url": f"http://localhost:{PORT}/codes/{name}",
                    "expires_in": 3600,
                    "source": "stock",
                }
            )
        )

    async def disconnect(self, code):
        await self.channel_layer.group_discard(group(self.attempt), self.channel_name)

    async def news(self, event):
        await self.send(event["text"])


def group(attempt):
    return f"attempt.{attempt}"


async def push(kind, row, **more):
    message = {"type": kind, "attempt": str(row["id"]), "version": row["version"]}
    text = compact(message | {"expires_in": 3600} | more)
    await get_channel_layer().group_send(group(row["id"]), {"type": "news", "text": text})


async def who_holds(request):
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return await run("phone", hash_of_secret(token))


async def scan(request):
    body, who = json.loads(request.body), await who_holds(request)
    if not who:
        return JsonResponse({}, status=401)
    nonce = token_bytes(32)
    scene = sha256(body["scene"].encode()).digest()
    row = await run("scan", scene, who["app_id"], who["openid"], sha256(nonce).digest(),
                    body["entry_scene"])
    if not row:
        return JsonResponse({}, status=410)
    await push("scanned", row, check="none", number=None)
    return JsonResponse(
        {"attempt": row["id"], "nonce": base64url(nonce), "expires_in": 3600, "check": "none"}
    )


async def confirm(request):
    body, who = json.loads(request.body), await who_holds(request)
    if not who:
        return JsonResponse({}, status=401)
    nonce = hash_of_secret(body["nonce"])
    row = await run("confirm", nonce, who["app_id"], who["openid"], who["user_id"])
    if not row:
        return JsonResponse({}, status=410)
    await push("login_succeeded", row)
    return JsonResponse({"result": "login_succeeded"})


async def redeem(request, attempt):
    token = token_bytes(32)
    secret = hash_of_secret(request.COOKIES["saoma_browser"])
    user = await run("redeem", attempt, secret, uuid4(), sha256(token).digest())
    if not user:
        return JsonResponse({}, status=410)
    response = JsonResponse({"user": user | {"avatar_url": None}, "return_to": None})
    response.set_cookie("saoma_session", base64url(token), max_age=2592000, httponly=True,
                        samesite="Lax")
    return response


async def ready(_request):
    await run("phone", b"")
    return JsonResponse({})


urlpatterns = [
    path("api/phone/scan", scan),
    path("api/phone/confirm", confirm),
    path("api/login/attempts/<uuid:attempt>/redeem", redeem),
    path("readyz", ready),
]
