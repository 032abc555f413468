// The same login without sockets: one long poll at a time.

import { call } from './api.js';

const START = '/api/login/attempts';

export class Poll {
  /** `on` has `message(json)` and `problem(problem)`; after a problem the poll has stopped. */
  constructor(attempt, on) {
    this.attempt = attempt;
    this.on = on;
    this.abort = null;
  }

  get isOn() {
    return this.abort !== null;
  }

  /** Asks for the current state, or for a new attempt if there is none, and keeps asking. */
  start() {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    this.run(abort.signal);
  }

  stop() {
    if (this.abort) this.abort.abort();
    this.abort = null;
  }

  async refresh(silent) {
    const { id, version } = this.attempt;
    if (!id) return this.start();
    return this.post(`${START}/${id}/refresh`, { version, silent });
  }

  check(code) {
    return this.post(`${START}/${this.attempt.id}/check`, { code });
  }

  async post(path, body) {
    try {
      this.on.message(await call('POST', path, { body }));
    } catch (problem) {
      // What became of the attempt, the next message of the poll tells. After a wrong code the one
      // that waits hears of it; a new one each time would soon be one too many.
      if (problem.status === 422 && this.isOn) return;
      if ([404, 409, 410, 422].includes(problem.status)) this.start();
      else this.on.problem(problem);
      return;
    }
    if (!this.isOn) this.start();
  }

  async run(signal) {
    let seen = '';
    while (!signal.aborted) {
      const { id, returnTo } = this.attempt;
      let message;
      try {
        message = id
          ? await call('GET', `${START}/${id}?wait=25${seen}`, { limit: 35000, signal })
          : await call('POST', START, { body: { return_to: returnTo }, signal });
      } catch (problem) {
        if (signal.aborted) return;
        if (problem.status === 404 && id) {
          message = { type: 'failed', attempt: id, version: 0, reason: 'attempt_unknown' };
        } else {
          this.stop();
          this.on.problem(problem);
          return;
        }
      }
      if (signal.aborted) return;
      // A refresh may have replaced the attempt while this request was waiting.
      if (message && (!id || id === this.attempt.id)) {
        this.on.message(message, !seen);
        seen = `&after_version=${message.version}`;
      }
      if (id !== this.attempt.id && id) seen = '';
      // Nothing happens to an attempt after its end.
      if (this.attempt.over && !signal.aborted) this.stop();
    }
  }
}
