// One socket that comes back by itself, and what its close codes mean.

// What the page does after a close; every other code is a lost connection.
const RULES = {
  1000: 'stop', 1002: 'stop', 1003: 'stop', 1007: 'stop', 1008: 'tap', 1009: 'stop',
  4001: 'elsewhere', 4002: 'tap', 4009: 'login',
};
const GOING_AWAY = 4012;
const OPEN_LIMIT = 10000;
const STABLE = 10000;

/** A delay with full jitter, from 0.5 s doubling up to 15 s. */
export function jitter(tries) {
  return Math.random() * Math.min(15000, 500 * 2 ** tries);
}

export class Socket {
  /**
   * `address()` gives the path and query for each new connection. `on` has `opened()`,
   * `message(json)`, `refused()` for a socket that never opened (it decides about `retry`), `lost()` for one that
   * did and now comes back by itself, `closed(rule)` for one that does not.
   */
  constructor(address, on) {
    this.address = address;
    this.on = on;
    this.tries = 0;
    this.timer = null;
    this.socket = null;
  }

  get isOpen() {
    return this.socket !== null && this.socket.readyState === WebSocket.OPEN;
  }

  /** True after the server's goodbye; what it meant comes with the close event. */
  get isClosing() {
    return this.socket !== null && this.socket.readyState === WebSocket.CLOSING;
  }

  /** True between two connections. */
  get isIdle() {
    return this.socket === null;
  }

  connect() {
    this.stop();
    const url = new URL(this.address(), location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url.href);
    let opened = null;
    this.socket = socket;
    // Some proxies neither open nor refuse.
    this.timer = setTimeout(() => this.end(() => this.on.refused()), OPEN_LIMIT);
    socket.onopen = () => {
      opened = performance.now();
      clearTimeout(this.timer);
      this.on.opened();
    };
    socket.onmessage = (event) => {
      const message = parse(event.data);
      if (message) this.on.message(message);
    };
    socket.onclose = ({ code }) => this.end(() => {
      if (opened === null) this.on.refused();
      else if (code in RULES) this.on.closed(RULES[code]);
      else {
        // Only a connection that held is a fresh start for the delays.
        if (performance.now() - opened > STABLE) this.tries = 0;
        this.retry(code === GOING_AWAY ? Math.random() * 5000 : undefined);
        this.on.lost();
      }
    });
  }

  /** Connects later. */
  retry(delay = jitter(this.tries)) {
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), delay);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Hangs up without waiting for an answer and connects no more. */
  stop() {
    this.end(() => {});
  }

  end(then) {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    then();
  }
}

function parse(text) {
  try {
    const message = JSON.parse(text);
    return message && typeof message.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
