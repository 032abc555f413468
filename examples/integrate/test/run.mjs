// Runs the examples against a real Saoma: `run.mjs SAOMA DATA_DIR NAME=COMMAND…`, where COMMAND
// starts a service; with nginx on the PATH also the site behind it. Needs DATABASE_URL.

import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import {
  Browser, answers, freePort, logIn, showWhatWasSaid, start, startSaoma, stopAll,
} from './saoma.mjs';
import {
  read, signedWithPublicKey, startIssuer, unsigned, withBrokenSignature, withClaims,
} from './tokens.mjs';

const [program, dataDir, ...services] = process.argv.slice(2);

async function startService(name, command, environment) {
  const port = await freePort();
  const [executable, ...args] = command.split(' ');
  start(name, executable, args, { env: { ...process.env, ...environment, PORT: port } });
  await answers(`http://127.0.0.1:${port}/hello`);
  return {
    port,
    async ask(token) {
      const headers = token === null ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`http://127.0.0.1:${port}/hello`, { headers });
      return { status: answer.status, ...await answer.json() };
    },
  };
}

async function tokensOfSaoma(name, command, url, token, jwk) {
  const { sub, aud } = read(token, 1);
  assert.equal(aud, url);
  const service = await startService(name, command, { SAOMA_URL: url });
  const refused = async (bad, why) => assert.equal((await service.ask(bad)).status, 401, why);
  assert.deepEqual(await service.ask(token), { status: 200, user: sub });
  await refused(null, 'no token');
  await refused('x.y.z', 'nonsense');
  await refused(withClaims(token, { sub: 'somebody-else' }), 'other claims');
  await refused(withBrokenSignature(token), 'a broken signature');
  await refused(unsigned(token), 'no signature');
  await refused(signedWithPublicKey(token, jwk), 'signed with the public key');
  const other = { SAOMA_URL: url, AUDIENCE: 'https://other.example' };
  const elsewhere = await startService(`${name}, another audience`, command, other);
  assert.equal((await elsewhere.ask(token)).status, 401, 'meant for another audience');
  return service;
}

async function tokensThatSaomaNeverGives(name, command) {
  const issuer = await startIssuer();
  const service = await startService(`${name}, our issuer`, command, { SAOMA_URL: issuer.url });
  const past = Math.floor(Date.now() / 1000) - 60;
  for (const [change, status] of [
    [{}, 200],
    [{ exp: past }, 401],
    [{ exp: undefined }, 401],
    [{ aud: 'https://other.example' }, 401],
    [{ aud: undefined }, 401],
    [{ iss: 'https://other.example' }, 401],
    [{ byStranger: true }, 401],
    [{ header: { kid: 'unknown' } }, 401],
    [{ header: { kid: undefined } }, 401],
  ]) {
    const { status: found } = await service.ask(issuer.token(change));
    assert.equal(found, status, JSON.stringify(change));
  }
}

async function keysChange(name, command) {
  const issuer = await startIssuer();
  const service = await startService(`${name}, keys change`, command, { SAOMA_URL: issuer.url });
  const old = issuer.token();
  assert.equal((await service.ask(old)).status, 200);
  issuer.newKey();
  assert.equal((await service.ask(issuer.token())).status, 200, 'an unknown key, asked for');
  assert.equal((await service.ask(old)).status, 401, 'its key is published no more');
  const asked = issuer.asked();
  for (const kid of ['a', 'b', 'c']) {
    const { status } = await service.ask(issuer.token({ header: { kid }, byStranger: true }));
    assert.equal(status, 401, 'a key that nobody knows');
  }
  assert.equal(issuer.asked(), asked, 'strangers make it ask again and again');
}

async function saomaAway(name, command) {
  const port = await freePort();
  const environment = { SAOMA_URL: `http://127.0.0.1:${port}` };
  const service = await startService(`${name}, Saoma away`, command, environment);
  const issuer = await startIssuer();
  for (let time = 0; time < 2; time += 1) {
    assert.equal((await service.ask(issuer.token())).status, 503, 'Saoma is away');
  }
}

async function siteBehindNginx(port, saomaPort, servicePort) {
  const folder = join(dataDir, 'nginx');
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const example = new URL('../nginx/', import.meta.url);
  await cp(new URL('pages', example), join(folder, 'pages'), { recursive: true });
  const site = (await readFile(new URL('site.conf', example), 'utf8'))
    .replace('127.0.0.1:8000', `127.0.0.1:${port}`)
    .replace('server 127.0.0.1:8080', `server 127.0.0.1:${saomaPort}`)
    .replace('127.0.0.1:8100', `127.0.0.1:${servicePort}`)
    .replace('root pages', `root ${join(folder, 'pages')}`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, 'tmp')};`).join('\n');
  const user = process.getuid() === 0 ? 'user root;' : '';
  await writeFile(join(folder, 'nginx.conf'), `daemon off; ${user} pid ${join(folder, 'pid')};
    error_log stderr; events {} http { access_log off; ${paths} ${site} }`);
  start('nginx', 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')]);
  await answers(`http://localhost:${port}/`);
}

async function throughNginx(saoma, url) {
  const browser = new Browser(url);
  const turnedAway = await browser.fetch('/orders?page=2');
  assert.equal(turnedAway.status, 302);
  assert.equal(new URL(turnedAway.headers.get('location'), url).href,
    `${url}/login?return_to=/orders?page=2`);
  const login = await logIn(saoma, browser, 'Hong', '/orders?page=2');
  assert.equal(login.return_to, '/orders?page=2');
  const page = await browser.fetch('/');
  assert.equal(page.status, 200);
  assert.match(await page.text(), /A site behind Saoma/);
  assert.equal((await browser.json('/api/me')).nickname, 'Hong');
  const { access_token: token } = await browser.json('/api/token', { method: 'POST' });
  const hello = await browser.json('/hello', { headers: { authorization: `Bearer ${token}` } });
  assert.equal(hello.user, login.user.id);
  assert.equal((await browser.fetch('/api/logout', { method: 'POST' })).status, 204);
  assert.equal((await browser.fetch('/')).status, 302);
}

async function run() {
  const hasNginx = spawnSync('nginx', ['-v']).status === 0;
  const [saomaPort, nginxPort] = [await freePort(), await freePort()];
  const url = `http://localhost:${hasNginx ? nginxPort : saomaPort}`;
  const saoma = await startSaoma(program, join(dataDir, 'data'), saomaPort, url);
  const local = { ...saoma, publicUrl: `http://localhost:${saomaPort}` };
  let servicePort = await freePort();
  if (hasNginx) await siteBehindNginx(nginxPort, saomaPort, servicePort);

  const browser = new Browser(url);
  const { access_token: token } = await logIn(hasNginx ? saoma : local, browser, 'Ming');
  const [jwk] = (await browser.json('/.well-known/jwks.json')).keys;
  for (const service of services) {
    const [name, command] = service.split(/=(.*)/s);
    await tokensOfSaoma(name, command, url, token, jwk);
    await tokensThatSaomaNeverGives(name, command);
    await keysChange(name, command);
    await saomaAway(name, command);
    console.log(`${name}: good tokens pass, bad ones do not`);
  }
  if (!hasNginx) {
    console.log('nginx: not installed, not tested');
    return;
  }
  const [, command] = services[0].split(/=(.*)/s);
  const [executable, ...args] = command.split(' ');
  start('service behind nginx', executable, args, {
    env: { ...process.env, SAOMA_URL: url, PORT: servicePort },
  });
  await answers(`http://127.0.0.1:${servicePort}/hello`);
  await throughNginx(saoma, url);
  console.log('nginx: the site is behind the login');
}

try {
  await run();
} catch (error) {
  console.error(error);
  showWhatWasSaid();
  process.exitCode = 1;
} finally {
  await stopAll();
}
