"""Talks with a running server by PyPI's websockets: client.py URL ORIGIN COOKIE."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

URL, ORIGIN, COOKIE = sys.argv[1:]


def opened(origin=ORIGIN, cookie=COOKIE):
    headers = {"Cookie": cookie} if cookie else {}
    return connect(URL, origin=origin, additional_headers=headers, open_timeout=20)


async def ticket(socket):
    message = json.loads(await asyncio.wait_for(socket.recv(), 20))
    assert message["type"] == "ticket", message
    return message


async def good():
    async with opened() as socket:
        assert socket.protocol.extensions == [], "an extension was offered, none may be taken"
        first = await ticket(socket)
        took = await asyncio.wait_for(await socket.ping(b"there?"), 20)
        assert took >= 0
        await socket.send(json.dumps({"type": "refresh", "version": 0, "silent": True}))
        assert (await ticket(socket))["attempt"] == first["attempt"]
        longest = json.dumps({"type": "dance", "more": ""})
        await socket.send(longest[:-2] + "é" * ((8192 - len(longest)) // 2) + '"}')
        answer = json.loads(await asyncio.wait_for(socket.recv(), 20))
        assert answer["code"] == "unknown_message", answer
        await socket.close(1000, "再见")
    assert socket.close_code == 1000, socket.close_code


async def closed(what, code):
    async with opened() as socket:
        await ticket(socket)
        await socket.send(what)
        try:
            message = await asyncio.wait_for(socket.recv(), 20)
        except ConnectionClosed as end:
            assert end.rcvd and end.rcvd.code == code, (what, end)
        else:
            raise AssertionError((what, message))


async def refused(status, **request):
    try:
        async with opened(**request):
            raise AssertionError((status, "it is open"))
    except InvalidStatus as answer:
        assert answer.response.status_code == status, answer
        assert json.loads(answer.response.body)["status"] == status


async def main():
    await good()
    await closed(["{", "}"], 1002)
    await closed(b"{}", 1003)
    await closed("no JSON", 1007)
    await closed("[" + " " * 8191 + "]", 1009)
    await refused(403, origin="https://elsewhere.example")
    await refused(401, cookie="")


asyncio.run(main())
