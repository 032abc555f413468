// A login server on socket.io 4. Its own ping comes every 25 s, compression is off by default.

import { Server } from "socket.io";
import { openPage, serve } from "./login.mjs";

const waiting = new Map();

const server = serve((attempt, message) => waiting.get(attempt)?.emit("message", message));
const io = new Server(server, { transports: ["websocket"], pingInterval: 25_000, pingTimeout: 25_000, serveClient: false });

io.on("connection", async (socket) => {
  const { request } = socket;
  // "Memory usage" in socket.io's documentation: the first request need not be kept.
  socket.conn.request = null;
  try {
    const { attempt, ticket } = await openPage(request);
    if (!socket.connected) return;
    waiting.set(attempt, socket);
    socket.on("disconnect", () => waiting.delete(attempt));
    socket.emit("message", ticket);
  } catch (error) {
    console.error(error);
    socket.disconnect(true);
  }
});
