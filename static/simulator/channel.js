// The phone's socket, which the simulator's server side holds: what comes, and what is said.

const SHORTEST_MS = 500;
const LONGEST_MS = 15_000;
// What the protocol says of these codes is 'stop': another page of this user has the socket, or
// trying again changes nothing.
const STOPS = [1000, 1002, 1003, 1007, 1009, 4001];

export class Channel {
  // `on` has `message(json)` and `lost()`, which is called when the socket is gone.
  constructor(on) {
    this.on = on;
    this.user = null;
    this.source = null;
    this.tries = 0;
  }

  // Opens it for this user, unless it is open or on its way.
  open(user) {
    if (this.user === user && this.source) return;
    this.close();
    this.user = user;
    this.#connect();
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.user = null;
  }

  // True once Saoma's side has it.
  async send(frame) {
    const response = await fetch("/phone/channel", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: this.user, frame }),
    }).catch(() => null);
    return response?.ok ?? false;
  }

  #connect() {
    const source = new EventSource(`/phone/channel?${new URLSearchParams({ user: this.user })}`);
    this.source = source;
    source.onmessage = ({ data }) => {
      this.tries = 0;
      this.on.message(JSON.parse(data));
    };
    source.addEventListener("closed", ({ data }) => {
      source.close();
      const stops = STOPS.includes(JSON.parse(data).code);
      this.#lose(stops);
    });
    // It would come back by itself, but all at once.
    source.onerror = () => {
      source.close();
      this.#lose(false);
    };
  }

  #lose(stops) {
    this.source = null;
    this.on.lost();
    if (stops) return;
    const pause = Math.random() * Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.tries);
    this.tries += 1;
    this.timer = setTimeout(() => this.#connect(), pause);
  }
}
