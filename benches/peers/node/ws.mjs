// A login server on ws (https://github.com/websockets/ws). Compression is off by default.

import { WebSocketServer } from "ws";
import { openPage, serve } from "./login.mjs";

const waiting = new Map();

const server = serve((attempt, message) => waiting.get(attempt)?.send(JSON.stringify(message)));
const pages = new WebSocketServer({ server, path: "/ws/login", maxPayload: 8192 });

pages.on("connection", async (socket, request) => {
  socket.isAlive = true;
  socket.on("pong", heard);
  socket.on("error", console.error);
  try {
    const { attempt, ticket } = await openPage(request);
    if (socket.readyState !== socket.OPEN) return;
    waiting.set(attempt, socket);
    socket.on("close", () => waiting.delete(attempt));
    socket.send(JSON.stringify(ticket));
  } catch (error) {
    console.error(error);
    socket.close(1011);
  }
});

function heard() {
  this.isAlive = true;
}

// The heartbeat of ws's README, "How to detect and close broken connections?".
setInterval(() => {
  for (const socket of pages.clients) {
    if (!socket.isAlive) {
      socket.terminate();
      continue;
    }
    socket.isAlive = false;
    socket.ping();
  }
}, 25_000);
