// The attempt this tab waits for: which message counts, and how long its state lasts.

const OVER = ['expired', 'cancelled', 'failed', 'redeemed'];
const KEY = 'saoma_attempt';

export class Attempt {
  constructor(returnTo) {
    this.returnTo = returnTo;
    this.id = null;
    this.version = 0;
    this.state = null;
    this.reason = null;
    this.deadline = null;
    const kept = read();
    // Another destination is another login.
    if (kept && kept.returnTo === returnTo) this.id = kept.id;
  }

  get over() {
    return OVER.includes(this.state);
  }

  /**
   * Takes a message if it counts: the first after connecting as it is, later ones of the same
   * attempt only with a higher version, and one of another attempt always.
   */
  take(message, first) {
    const same = message.attempt === this.id;
    if (same && !first && message.version <= this.version) {
      // The same state told again still tells the time that is left.
      if (this.tells(message)) this.setClock(message);
      return false;
    }
    this.id = message.attempt;
    this.version = message.version;
    this.state = message.type;
    this.reason = message.reason || null;
    this.setClock(message);
    // A reload after the end starts anew, so only what can go on is kept.
    keep(this.over ? null : { id: this.id, returnTo: this.returnTo });
    return true;
  }

  /** True if the message tells exactly the state that is known already. */
  tells({ attempt, version, type }) {
    return attempt === this.id && version === this.version && type === this.state;
  }

  setClock(message) {
    // performance.now() runs evenly even when somebody sets the computer's clock.
    this.deadline = 'expires_in' in message ? performance.now() + message.expires_in * 1000 : null;
  }

  /** Milliseconds until the state's end, negative after it, null when it has none. */
  get left() {
    return this.deadline === null ? null : this.deadline - performance.now();
  }

  /** The next connection starts a new attempt. */
  forget() {
    this.id = null;
    this.version = 0;
    this.state = null;
    this.reason = null;
    this.deadline = null;
    keep(null);
  }
}

/** True the first time a tab asks, until `cleared`: keeps a reload from becoming a loop. */
export const reloadOnce = {
  allowed() {
    try {
      if (sessionStorage.getItem('saoma_reloaded')) return false;
      sessionStorage.setItem('saoma_reloaded', '1');
      return true;
    } catch {
      return false;
    }
  },
  clear() {
    try { sessionStorage.removeItem('saoma_reloaded'); } catch { /* storage is off */ }
  },
};

function read() {
  try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; }
}

function keep(value) {
  try {
    if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
    else sessionStorage.removeItem(KEY);
  } catch { /* storage is off: a reload starts anew */ }
}
