// Saoma with a simulated WeChat on free ports, and one login through it.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';

const PATIENCE = 30_000;

const children = [];

/** Starts a program; it ends with this one. What it says is shown when something fails. */
export function start(name, program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => { child.said += data; });
  }
  child.on('error', (error) => { child.said += `${error}\n`; });
  children.push({ name, child });
  return child;
}

export async function stopAll() {
  for (const { child } of children.reverse()) {
    if (child.exitCode === null && child.signalCode === null && child.pid) {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await once(child, 'exit');
      clearTimeout(hard);
    }
  }
}

export function showWhatWasSaid() {
  for (const { name, child } of children) {
    if (child.said) console.error(`--- ${name}\n${child.said.slice(-4000)}`);
  }
}

/** A port that was free a moment ago. */
export async function freePort() {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Waits until an address answers at all. */
export async function answers(url) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await fetch(url, { redirect: 'manual' });
    } catch (error) {
      if (Date.now() > end) throw new Error(`${url} does not answer: ${error.cause ?? error}`);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }
}

/** Saoma under `publicUrl`, on the database in DATABASE_URL; and the means to log in to it. */
export async function startSaoma(program, dataDir, listenPort, publicUrl) {
  const simulatorPort = await freePort();
  const simulator = `http://127.0.0.1:${simulatorPort}`;
  start('simulator', program, ['simulate', '--listen', `127.0.0.1:${simulatorPort}`]);
  const set = {
    SAOMA_LISTEN: `127.0.0.1:${listenPort}`,
    SAOMA_ADMIN_LISTEN: '127.0.0.1:0',
    SAOMA_PUBLIC_URL: publicUrl,
    SAOMA_TRUSTED_PROXIES: '127.0.0.1',
    SAOMA_DATA_DIR: dataDir,
    // The simulator's own, which open nothing else.
    SAOMA_WECHAT_APP_ID: 'wx0123456789abcdef',
    SAOMA_WECHAT_APP_SECRET: '5a0ad0e1c0de5a0ad0e1c0de5a0ad0e1',
    SAOMA_WECHAT_BASE_URL: simulator,
    // The simulated phone scans the code that was made last, so it must be the one on the page.
    SAOMA_CODES: 'live',
  };
  const settings = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  start('saoma', program, ['serve', ...settings]);
  await answers(simulator);
  await answers(`http://127.0.0.1:${listenPort}/healthz`);
  return { publicUrl, simulator };
}

/** A browser that keeps cookies. */
export class Browser {
  cookies = new Map();

  constructor(origin) {
    this.origin = origin;
  }

  async fetch(path, { method = 'GET', body, headers } = {}) {
    const answer = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
        ...(method === 'GET' ? {} : { origin: this.origin }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }

  async json(path, options) {
    const answer = await this.fetch(path, options);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

/** A new person registers and logs this browser in; the answer is the redeem's. */
export async function logIn(saoma, browser, nickname, returnTo = '/') {
  await browser.fetch(`/login?return_to=${encodeURIComponent(returnTo)}`);
  const ticket = await browser.json('/api/login/attempts', {
    method: 'POST', body: { return_to: returnTo },
  });
  // What a phone sees that looks at the computer's screen.
  const { scene } = await (await fetch(`${saoma.simulator}/phone/newest`)).json();

  const phone = new Browser(saoma.publicUrl);
  const { code } = await (await fetch(`${saoma.simulator}/_sim/js_code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ openid: `o${crypto.randomUUID()}` }),
  })).json();
  const { token } = await phone.json('/api/phone/session', { method: 'POST', body: { code } });
  const headers = { authorization: `Bearer ${token}` };
  const post = (path, body) => phone.json(path, { method: 'POST', body, headers });
  await post('/api/phone/register', { nickname });
  const { nonce } = await post('/api/phone/scan', { scene, entry_scene: 1047 });
  await post('/api/phone/confirm', { nonce, number: null });

  return browser.json(`/api/login/attempts/${ticket.attempt}/redeem`, { method: 'POST', body: {} });
}
