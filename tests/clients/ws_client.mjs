// Talks with a running server by npm's ws: ws_client.mjs URL ORIGIN COOKIE.

import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";

const [url, origin, cookie] = process.argv.slice(2);
const patience = () => ({ signal: AbortSignal.timeout(20_000) });

function open(headers = { cookie }, from = origin) {
    return new WebSocket(url, { headers, origin: from });
}

async function next(socket) {
    const [data, binary] = await once(socket, "message", patience());
    assert.equal(binary, false);
    return JSON.parse(data.toString());
}

async function good() {
    const socket = open();
    const first = await next(socket);
    assert.equal(first.type, "ticket");
    assert.equal(socket.extensions, "");
    socket.ping("there?");
    const [pong] = await once(socket, "pong", patience());
    assert.equal(pong.toString(), "there?");
    socket.send(JSON.stringify({ type: "refresh", version: 0, silent: true }));
    assert.equal((await next(socket)).attempt, first.attempt);
    socket.close(1000, "再见");
    const [code] = await once(socket, "close", patience());
    assert.equal(code, 1000);
}

async function closed(code, send) {
    const socket = open();
    assert.equal((await next(socket)).type, "ticket");
    send(socket);
    const [heard] = await once(socket, "close", patience());
    assert.equal(heard, code);
}

async function refused(status, socket) {
    const [, answer] = await once(socket, "unexpected-response", patience());
    assert.equal(answer.statusCode, status);
    assert.match(answer.headers["content-type"], /^application\/problem\+json/);
    answer.destroy();
}

await good();
await closed(1002, (socket) => socket.send("{", { fin: false }));
await closed(1002, (socket) => socket.send("{}", { mask: false }));
await closed(1003, (socket) => socket.send(Buffer.from("{}")));
await closed(1007, (socket) => socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }));
await closed(1009, (socket) => socket.send("[" + " ".repeat(8191) + "]"));
await refused(403, open({ cookie }, "https://elsewhere.example"));
await refused(401, open({}));
