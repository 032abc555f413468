// Checks Saoma's access tokens with nothing but Node's own crypto. Node 18 or newer.

import { createPublicKey, verify as verifySignature } from 'node:crypto';

// Seconds by which the two machines' clocks may differ.
const LEEWAY = 5;
// The keys change rarely; Saoma's answer may be kept this long.
const KEEP = 300_000;
// A token with an unknown key makes us look again, but no stranger shall make us ask all the time.
const PAUSE = 10_000;
const FETCH_LIMIT = 3_000;

/** The token is not good: answer 401. Every other error means that the keys could not be had: 503. */
export class TokenRefused extends Error {}

export class AccessTokens {
  #keys = new Map();
  #loadedAt = -Infinity;
  #triedAt = -Infinity;
  #missedAt = -Infinity;
  #loading;

  /** `issuer` is Saoma's public URL without a final slash, `audience` its SAOMA_TOKEN_AUDIENCE. */
  constructor(issuer, audience) {
    this.issuer = issuer;
    this.audience = audience;
  }

  /** The claims of a good token: `sub` is the user's id, `sid` the session's. */
  async verify(token) {
    const parts = token.split('.');
    if (parts.length !== 3) throw new TokenRefused('not a token');
    const [header, claims] = parts.slice(0, 2).map(parse);
    // The algorithm is ours to choose, not the token's.
    if (header.alg !== 'EdDSA') throw new TokenRefused('another algorithm');
    const key = await this.#key(header.kid);
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    if (!verifySignature(null, signed, key, Buffer.from(parts[2], 'base64url'))) {
      throw new TokenRefused('the signature is wrong');
    }
    const now = Date.now() / 1000;
    if (claims.iss !== this.issuer) throw new TokenRefused('another issuer');
    if (claims.aud !== this.audience) throw new TokenRefused('another audience');
    if (!(claims.exp > now - LEEWAY)) throw new TokenRefused('expired');
    if (typeof claims.sub !== 'string') throw new TokenRefused('nobody');
    return claims;
  }

  async #key(kid) {
    const now = Date.now();
    const old = now - this.#loadedAt > KEEP;
    const missed = !old && !this.#keys.has(kid);
    if (old ? now - this.#triedAt > PAUSE : missed && now - this.#missedAt > PAUSE) {
      this.#triedAt = now;
      if (missed) this.#missedAt = now;
      this.#loading = this.#load();
    }
    // Whoever comes while the keys are on their way waits for the same answer; while Saoma is
    // away, the keys that we have are good.
    const failure = await this.#loading.then(() => null, (error) => error);
    const key = this.#keys.get(kid);
    if (!key) throw failure ?? new TokenRefused('an unknown key');
    return key;
  }

  async #load() {
    const answer = await fetch(`${this.issuer}/.well-known/jwks.json`, {
      signal: AbortSignal.timeout(FETCH_LIMIT),
    });
    if (!answer.ok) throw new Error(`Saoma's keys: ${answer.status}`);
    const { keys } = await answer.json();
    this.#keys = new Map(
      keys
        .filter((jwk) => jwk.kty === 'OKP' && jwk.crv === 'Ed25519')
        .map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]),
    );
    this.#loadedAt = Date.now();
  }
}

function parse(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (value !== null && typeof value === 'object') return value;
  } catch {
    // Told below.
  }
  throw new TokenRefused('not a token');
}
