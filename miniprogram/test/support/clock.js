/** A clock that only the test moves. */
class Clock {
  constructor() {
    this.time = Date.parse('2025-06-01T08:00:00Z');
    this.timers = [];
  }

  now() {
    return this.time;
  }

  delay(milliseconds) {
    return new Promise((resolve) => {
      this.timers.push({ at: this.time + milliseconds, resolve });
    });
  }

  /** Lets the seconds pass, waking each sleeper at its own time. */
  async pass(seconds) {
    const until = this.time + seconds * 1000;
    await settle();
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at);
      if (!this.timers.length || this.timers[0].at > until) break;
      const { at, resolve } = this.timers.shift();
      this.time = at;
      resolve();
      await settle();
    }
    this.time = until;
  }
}

/** Lets everything that waits for nothing but promises run to its end. */
async function settle() {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

module.exports = { Clock, settle };
