/**
 * The mini program's logic as a process, before a real server: reads what the user does, a JSON
 * array a line such as `["confirm"]`, and writes each view that he sees, a JSON object a line.
 *
 * node phone.js SERVER SIMULATOR OPENID LANGUAGE
 */
const readline = require('node:readline');
const { createApi } = require('../../lib/api');
const { createLogin } = require('../../lib/login');
const { viewOf } = require('../../lib/view');

const [server, simulator, openid, language] = process.argv.slice(2);
const storage = new Map();

const platform = {
  async request({ method, url, headers, data, timeout }) {
    try {
      const body = data && JSON.stringify(data);
      const signal = AbortSignal.timeout(timeout);
      const answer = await fetch(url, { method, headers, body, signal });
      const text = await answer.text();
      return { ok: true, status: answer.status, data: text && JSON.parse(text) };
    } catch {
      return { ok: false, reason: 'network' };
    }
  },
  async login() {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ openid, unionid: `u${openid}` });
    const answer = await fetch(`${simulator}/_sim/js_code`, { method: 'POST', headers, body });
    return (await answer.json()).code;
  },
  load: async (key) => storage.get(key),
  save: async (key, value) => void storage.set(key, value),
  forget: async (key) => void storage.delete(key),
  delay: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
  now: () => Date.now(),
};

const login = createLogin({
  api: createApi(platform, server, language),
  platform,
  onChange: (state) => console.log(JSON.stringify(viewOf(state, language, Date.now()))),
});

const acts = {
  scan: (scene, entryScene) => login.open({ scene, malformed: false, entryScene }),
  type: (number) => login.type(number),
  confirm: () => login.confirm(),
  refuse: () => login.refuse(),
  register: (nickname) => login.register(nickname),
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [act, ...values] = JSON.parse(line);
  acts[act](...values);
}).on('close', () => process.exit(0));
