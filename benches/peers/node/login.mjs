// The login that both servers have in common: five statements, the messages, the requests.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import pg from "pg";

const port = Number(process.env.PORT);

// Prepared once on each connection, as node-postgres's page on queries has it ("name").
const statement = (name) => ({
  name,
  text: readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), "utf8"),
});
const [open, phone, scan, confirm, redeem] = ["open", "phone", "scan", "confirm", "redeem"].map(statement);

const pool = (options) =>
  new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 0, options });
const durable = pool();
// A row lost in a crash means that its browser gets a new code, no more; Saoma's are written so too.
const relaxed = pool("-c synchronous_commit=off");

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const hashOfSecret = (text) => sha256(Buffer.from(text ?? "", "base64url"));
const cookie = (request) => /(?:^|; )saoma_browser=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];

/** Writes a new attempt; its ticket may be sent afterwards. */
export async function openPage(request) {
  const attempt = randomUUID();
  // A code of the stock: the image's name stands for a scene here, which the clients know.
  const image = randomBytes(32);
  const name = `${image.toString("hex")}.png`;
  const scene = image.subarray(0, 24).toString("base64url");
  await relaxed.query({ ...open, values: [attempt, hashOfSecret(cookie(request)), sha256(scene), name] });
  const code_url = `http://localhost:${port}/codes/${name}`;
  return { attempt, ticket: { type: "ticket", attempt, version: 1, code_url, expires_in: 3600, source: "stock" } };
}

async function whoHolds(request) {
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  const { rows } = await durable.query({ ...phone, values: [hashOfSecret(token)] });
  return rows[0];
}

async function changed(statement, values) {
  const { rows } = await durable.query({ ...statement, values });
  return rows[0];
}

async function answer(request, push) {
  const body = JSON.parse((await text(request)) || "{}");
  if (request.url === "/api/phone/scan") {
    const who = await whoHolds(request);
    if (!who) return [401, {}];
    const nonce = randomBytes(32);
    const values = [sha256(body.scene), who.app_id, who.openid, sha256(nonce), body.entry_scene];
    const row = await changed(scan, values);
    if (!row) return [410, {}];
    push(row.id, { type: "scanned", attempt: row.id, version: row.version, expires_in: 3600, check: "none", number: null });
    return [200, { attempt: row.id, nonce: nonce.toString("base64url"), expires_in: 3600, check: "none" }];
  }
  if (request.url === "/api/phone/confirm") {
    const who = await whoHolds(request);
    if (!who) return [401, {}];
    const row = await changed(confirm, [hashOfSecret(body.nonce), who.app_id, who.openid, who.user_id]);
    if (!row) return [410, {}];
    push(row.id, { type: "login_succeeded", attempt: row.id, version: row.version, expires_in: 3600 });
    return [200, { result: "login_succeeded" }];
  }
  const [, attempt] = /^\/api\/login\/attempts\/([0-9a-f-]{36})\/redeem$/.exec(request.url) ?? [];
  if (attempt) {
    const token = randomBytes(32);
    const user = await changed(redeem, [attempt, hashOfSecret(cookie(request)), randomUUID(), sha256(token)]);
    if (!user) return [410, {}];
    const session = `saoma_session=${token.toString("base64url")}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000`;
    return [200, { user: { ...user, avatar_url: null }, return_to: null }, { "set-cookie": session }];
  }
  return [request.url === "/readyz" ? 200 : 404, {}];
}

async function text(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

/** A server that tells news by `push(attempt, message)`. */
export function serve(push) {
  const server = createServer(async (request, response) => {
    let [status, body, headers] = [500, {}];
    try {
      [status, body, headers] = await answer(request, push);
    } catch (error) {
      console.error(error);
    }
    const json = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json), ...headers });
    response.end(json);
  });
  server.listen({ port, host: "127.0.0.1", backlog: 4096 });
  return server;
}
