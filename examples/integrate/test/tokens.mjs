// An issuer of our own, for the tokens that Saoma never gives out.

import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `part` 0 is the header, 1 the claims. */
export const read = (token, part) => JSON.parse(Buffer.from(token.split('.')[part], 'base64url'));

/** The same token with other claims and the old signature. */
export function withClaims(token, claims) {
  const [header, , signature] = token.split('.');
  return [header, encode({ ...read(token, 1), ...claims }), signature].join('.');
}

/** The same token with one bit of its signature turned. */
export function withBrokenSignature(token) {
  const [header, claims, signature] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[5] ^= 1;
  return [header, claims, bytes.toString('base64url')].join('.');
}

/** The same claims, unsigned. */
export function unsigned(token) {
  return `${encode({ ...read(token, 0), alg: 'none' })}.${token.split('.')[1]}.`;
}

/** The same claims, signed with the public key as if it were a shared secret. */
export function signedWithPublicKey(token, jwk) {
  const text = `${encode({ ...read(token, 0), alg: 'HS256' })}.${token.split('.')[1]}`;
  const key = Buffer.from(jwk.x, 'base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

export async function startIssuer() {
  let key;
  let number = 0;
  let asked = 0;
  const newKey = () => {
    number += 1;
    key = { ...generateKeyPairSync('ed25519'), kid: `test-${number}` };
  };
  newKey();
  const server = createServer((request, response) => {
    asked += 1;
    const { publicKey, kid } = key;
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' }];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const url = `http://127.0.0.1:${server.address().port}`;
  const stranger = generateKeyPairSync('ed25519').privateKey;
  return {
    url,
    /** Signs with another key, and publishes no other, as after an emergency. */
    newKey,
    /** How often somebody has asked for the keys. */
    asked: () => asked,
    /** A token as Saoma would sign it, but for what is changed. */
    token({ header = {}, byStranger = false, ...changes } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: url, sub: randomUUID(), aud: url, iat: now, exp: now + 300,
        jti: randomUUID(), sid: randomUUID(), amr: ['qr'], ...changes,
      };
      const { kid } = key;
      const text = `${encode({ typ: 'JWT', alg: 'EdDSA', kid, ...header })}.${encode(claims)}`;
      const signer = byStranger ? stranger : key.privateKey;
      return `${text}.${sign(null, Buffer.from(text), signer).toString('base64url')}`;
    },
  };
}
