// From a confirmed attempt to a session, and out of it again.

import { call, wait } from './api.js';

/**
 * Turns the attempt into this browser's session: `{user, return_to}`, where `return_to` is null
 * when another tab was first. Throws a `Problem` when there is no session.
 */
export async function redeem(attempt) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call('POST', `/api/login/attempts/${attempt}/redeem`);
    } catch (problem) {
      // Asking again gives the same session, so a lost answer costs nothing.
      const passing = problem.status === 0 || problem.status === 429 || problem.status >= 500
        || problem.code === 'not_confirmed';
      if (passing && tries < 3) {
        await wait((problem.retryIn || 0) * 1000 + Math.random() * 500 * 2 ** tries);
        continue;
      }
      const user = await whoAmI().catch(() => null);
      if (user) return { user, return_to: null };
      throw problem;
    }
  }
}

/** The user of this browser's session, or null without a session. */
export async function whoAmI() {
  try {
    return await call('GET', '/api/me');
  } catch (problem) {
    if (problem.status === 401) return null;
    throw problem;
  }
}

/**
 * The user whom another tab of this browser has just logged in, or null. The news of it can be
 * here before that tab has its answer, and with it the cookie.
 */
export async function userOfOtherTab() {
  for (let tries = 0; tries < 6; tries += 1) {
    const user = await whoAmI().catch(() => null);
    if (user) return user;
    await wait(200 * 2 ** tries);
  }
  return null;
}

/** Ends this browser's session. A session that is gone already is no failure. */
export async function logOut() {
  try {
    await call('POST', '/api/logout');
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
}
