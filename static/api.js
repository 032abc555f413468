// Requests to the server, each with a time limit.

/** An answer that is a problem document; `status` is 0 when there was no answer at all. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || `status ${status}`);
    this.status = status;
    this.code = body.code || '';
    this.retryIn = typeof body.retry_in === 'number' ? body.retry_in : null;
  }
}

/**
 * Sends a request and gives its JSON, or null when there is none.
 * `limit` is in milliseconds; `signal` ends the request early. Throws a `Problem`.
 */
export async function call(method, path, { body, limit = 15000, signal } = {}) {
  const abort = new AbortController();
  const end = () => abort.abort();
  const timer = setTimeout(end, limit);
  if (signal) signal.addEventListener('abort', end);
  try {
    const response = await fetch(path, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
      cache: 'no-store',
      signal: abort.signal,
    });
    const json = await response.json().catch(() => null);
    if (!response.ok) throw new Problem(response.status, json || {});
    return json;
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(0);
  } finally {
    clearTimeout(timer);
    if (signal) signal.removeEventListener('abort', end);
  }
}

/** Waits for so many milliseconds. */
export const wait = (delay) => new Promise((done) => { setTimeout(done, delay); });
