// The phone: opens on a scan, holds the attempt and its nonce, and shows how the login goes.

import { bench } from "/phone/assets/bench.js";
import { recall, remember, sceneIn } from "/phone/assets/browser.js";
import { Channel } from "/phone/assets/channel.js";
import { Chat, chat } from "/phone/assets/chat.js";
import { Devices, devices } from "/phone/assets/devices.js";
import * as endings from "/phone/assets/endings.js";
import { Saoma } from "/phone/assets/saoma.js";
import * as screens from "/phone/assets/screens.js";
import { strings } from "/phone/assets/strings.js";
import { changesOf } from "/phone/assets/watch.js";

const SCREENS = { ...screens, ...endings, devices, chat };
const OVER = ["expired", "cancelled", "failed"];
// While these are shown, the page on the computer matters.
const PROGRESS_SCREENS = ["confirm", "register", "code", "confirmed"];
// How far a login has come; a late answer never leads back.
const PROGRESS = { scanned: 1, approved: 2, confirmed: 3 };

class Phone {
  constructor() {
    const query = new URLSearchParams(location.search);
    this.users = JSON.parse(document.body.dataset.users);
    this.devices = new Devices(this);
    this.chat = new Chat(this);
    this.channel = new Channel({ message: (message) => this.hear(message), lost: () => this.chat.lost() });
    this.readAddress();
    this.userId = this.#knownUser(query.get("user")) ?? this.#knownUser(recall("user"));
    this.entryScene = Number(recall("entry-scene")) || 1047;
    this.language = strings[recall("language")] ? recall("language") : document.documentElement.lang;
    this.settingsOpen = false;
    this.saoma = new Saoma(this.language);
    this.launches = 0;
    this.act = {
      again: () => this.launch(),
      ask: (kind, id) => this.devices.ask(kind, id),
      chat: (session, name) => this.chat.open(session, name),
      devices: () => this.goTo("", "/phone?devices"),
      do: () => this.devices.act(),
      keep: () => this.devices.keep(),
      addUser: (nickname) => this.addUser(nickname),
      confirm: () => this.confirm(),
      enterBy: (entryScene) => this.enterBy(entryScene),
      home: () => this.goTo(""),
      look: () => this.look(),
      open: (link) => this.open(link),
      pick: (id) => this.pick(id),
      refuse: () => this.refuse(),
      register: (nickname) => this.register(nickname),
      retry: () => this.launch(),
      say: () => this.chat.say(),
      speak: (language) => this.speak(language),
    };
  }

  readAddress() {
    const query = new URLSearchParams(location.search);
    this.scene = query.get("scene") ?? "";
    this.devices.wanted = query.has("devices");
  }

  get text() {
    return strings[this.language];
  }

  get user() {
    return this.users.find((user) => user.id === this.userId);
  }

  #knownUser(id) {
    return this.users.some((user) => user.id === id) ? id : null;
  }

  // What a scan does to a mini program, also to one that is open already.
  async launch() {
    this.watching?.abort();
    this.launches += 1;
    this.attempt = null;
    this.pageGone = false;
    this.progress = 0;
    this.renderBench();
    if (!this.scene && !this.devices.wanted) return this.show({ name: "home", link: "" });
    if (!this.user) return this.show({ name: "pick", users: this.users });
    this.channel.open(this.userId);
    if (this.devices.wanted) return this.devices.open();
    this.show({ name: "loading" });
    const mine = this.launches;
    const answer = await this.scan();
    if (mine !== this.launches) return;
    if (!answer.ok) return this.show(endings.screenFor(answer, false));
    this.progress = PROGRESS.scanned;
    this.showConfirm();
    this.watch();
  }

  async scan() {
    const answer = await this.saoma.scan(this.userId, this.scene, this.entryScene);
    if (answer.ok) {
      this.attempt = answer.body;
      this.setDeadline(answer.body.expires_in);
    }
    return answer;
  }

  // What comes over the socket: it adds to what the polls say, and nothing waits for it.
  hear(message) {
    if (message.type === "browser") this.pageThere(message);
    if (message.type === "peer") this.chat.peer(message);
    if (message.type === "message") this.chat.heard(message);
    if (message.type === "error") this.chat.failed(message);
  }

  pageThere({ attempt, present }) {
    if (attempt !== this.attempt?.attempt || this.pageGone === !present) return;
    this.pageGone = !present;
    this.show(this.view);
  }

  showConfirm(extra = {}) {
    this.show({ name: "confirm", scan: this.attempt, user: this.user, number: "", ...extra });
  }

  async confirm() {
    const view = this.view;
    const number = this.attempt.check === "number" ? (view.number ?? this.number) : null;
    this.number = number;
    const answer = await this.busily(() => this.saoma.confirm(this.userId, this.attempt.nonce, number));
    if (!answer) return;
    const { code, result, reference, check_code: checkCode, tries_left: triesLeft } = answer.body;
    if (answer.ok && result === "login_succeeded") return this.advance({ state: "confirmed" });
    if (answer.ok && result === "code_needed") return this.advance({ state: "approved", check_code: checkCode });
    if (answer.ok && reference) {
      return this.end({ name: "ended", kind: "failed", reason: "registration_closed", reference });
    }
    if (answer.ok && result === "not_registered") {
      return this.show({ name: "register", scan: this.attempt, nickname: this.user.nickname });
    }
    if (code === "nonce_invalid" && !view.rescanned) return this.scanAgain(view);
    if (code === "number_wrong" && triesLeft > 0) {
      return this.showConfirm({ problem: this.text.confirm.numberWrong(triesLeft), focus: "number" });
    }
    if (code === "number_wrong") return this.end({ name: "ended", kind: "failed", reason: "number_wrong" });
    this.settle(answer);
  }

  // Another scan by this user has replaced our nonce. Confirm once more, but only what the person
  // has seen.
  async scanAgain(view) {
    const before = this.attempt;
    const answer = await this.busily(() => this.scan());
    if (!answer) return;
    if (!answer.ok) return this.settle(answer);
    const same = before.check === this.attempt.check
      && JSON.stringify(before.browser) === JSON.stringify(this.attempt.browser);
    this.showConfirm({ rescanned: true, number: this.number ?? "", changed: !same });
    if (same) await this.confirm();
  }

  async refuse() {
    const answer = await this.busily(() => this.saoma.cancel(this.userId, this.attempt.nonce));
    if (!answer) return;
    if (answer.ok) return this.end({ name: "ended", kind: "cancelled", reason: "by_phone" });
    this.settle(answer);
  }

  async register(nickname) {
    const answer = await this.busily(() => this.saoma.register(this.userId, nickname));
    if (!answer) return;
    if (!answer.ok && answer.body.code !== "already_registered") return this.settle(answer);
    // The same attempt once more, now that there is an account.
    await this.confirm();
  }

  // Runs one request with the buttons off. Nothing comes back if the phone has moved on meanwhile.
  async busily(request) {
    const view = this.view;
    if (view.busy) return null;
    this.show({ ...view, busy: true, problem: null });
    const [mine, during] = [this.launches, this.view];
    const answer = await request();
    if (mine !== this.launches || this.view !== during) return null;
    during.busy = false;
    return answer;
  }

  // An answer that is no success: the end of the attempt, or a sentence above the buttons.
  async settle(answer) {
    if (answer.body.code === "already_redeemed") return this.advance({ state: "redeemed" });
    const screen = endings.screenFor(answer, true);
    if (screen.name === "error") return this.tellProblem(answer);
    // Why it is over, the attempt itself says.
    const mine = this.launches;
    const state = await this.saoma.attempt(this.userId, this.attempt.attempt, null);
    if (mine !== this.launches || this.watching.signal.aborted) return;
    if (state.ok && OVER.includes(state.body.state)) this.advance(state.body);
    else this.end(screen);
  }

  showProblem(answer) {
    this.show(endings.screenFor(answer, false));
  }

  // A sentence above the buttons, which stay.
  tellProblem(answer) {
    const screen = endings.screenFor(answer, true);
    const problem = screen.detail || (screen.offline ? this.text.error.offline : this.text.error.fallback);
    this.show({ ...this.view, busy: false, problem });
  }

  async watch() {
    this.watching = new AbortController();
    const { signal } = this.watching;
    const changes = changesOf(this.saoma, this.userId, this.attempt.attempt, signal);
    for await (const answer of changes) {
      if (answer.ok) this.advance(answer.body);
      else this.end(endings.screenFor(answer, true));
    }
  }

  advance({ state, reason, reference, expires_in: expiresIn, check_code: checkCode, session }) {
    if (expiresIn) this.setDeadline(expiresIn);
    if (state === "redeemed") return this.end({ name: "redeemed", scan: this.attempt, session });
    // The confirm that is under way brings the reference along.
    if (reason === "registration_closed" && !reference && this.view.busy) return;
    if (OVER.includes(state)) return this.end({ name: "ended", kind: state, reason, reference });
    if ((PROGRESS[state] ?? 0) <= this.progress) return;
    this.progress = PROGRESS[state];
    this.show(state === "approved" ? { name: "code", checkCode } : { name: "confirmed" });
  }

  end(view) {
    this.watching?.abort();
    this.deadline = null;
    this.show(view);
  }

  // Renders, and moves the focus to the new screen's heading when it is another screen.
  show(view) {
    const another = this.view?.name !== view.name || this.view?.reason !== view.reason;
    this.view = view;
    const screen = document.getElementById("screen");
    screen.replaceChildren(...SCREENS[view.name](view, this.text, this.act).filter(Boolean));
    document.getElementById("page-gone").textContent = this.pageGone && PROGRESS_SCREENS.includes(view.name)
      ? this.text.pageGone : "";
    screen.dataset.screen = view.name;
    this.tick();
    const title = screen.querySelector("h1");
    document.title = `${title.textContent} · ${this.text.bench.title}`;
    if (view.focus) document.getElementById(view.focus)?.focus();
    else if (another) title.focus({ preventScroll: true });
    if (another) {
      screen.scrollTop = 0;
      document.getElementById("announcer").textContent = title.textContent;
    }
  }

  setDeadline(seconds) {
    this.deadline = performance.now() + seconds * 1000;
  }

  // Once a second: the clock, the countdown, the retry button.
  tick() {
    const now = new Date();
    const minutes = String(now.getMinutes()).padStart(2, "0");
    document.getElementById("clock").textContent = `${now.getHours()}:${minutes}`;
    const countdown = document.getElementById("countdown");
    if (countdown && this.deadline) {
      const left = Math.max(0, Math.ceil((this.deadline - performance.now()) / 1000));
      countdown.textContent = this.text.confirm.left(left);
    }
    const retry = document.getElementById("retry");
    if (retry?.disabled) {
      const left = Math.ceil((this.view.retryAt - performance.now()) / 1000);
      retry.disabled = left > 0;
      retry.textContent = left > 0 ? this.text.error.retryIn(left) : this.text.error.retry;
    }
  }

  renderBench() {
    document.documentElement.lang = this.language;
    document.getElementById("app-name").textContent = this.text.appName;
    document.getElementById("bench").replaceChildren(...bench(this, this.text, this.act));
  }

  // What a camera does that looks at the computer's screen: it sees the newest code.
  async look() {
    const answer = await this.saoma.newest();
    if (answer.ok && answer.body.scene) return this.goTo(answer.body.scene);
    return this.show({ name: "home", link: "", nothing: this.text.home.nothing });
  }

  open(link) {
    const scene = sceneIn(link.trim());
    if (!scene) return this.show({ name: "home", link, problem: this.text.home.invalid, focus: "link" });
    this.goTo(scene);
  }

  goTo(scene, address = scene ? `/phone?scene=${encodeURIComponent(scene)}` : "/phone") {
    history.pushState(null, "", address);
    this.readAddress();
    this.launch();
  }

  pick(id) {
    this.userId = id;
    remember("user", id);
    this.launch();
  }

  async addUser(nickname) {
    const answer = await this.saoma.addUser(nickname);
    if (!answer.ok) return;
    this.users.push(answer.body);
    this.pick(answer.body.id);
  }

  enterBy(entryScene) {
    this.entryScene = entryScene;
    remember("entry-scene", entryScene);
    this.launch();
  }

  speak(language) {
    this.language = language;
    this.saoma.language = language;
    remember("language", language);
    this.renderBench();
    this.view.problem = null;
    this.show(this.view);
  }
}

const phone = new Phone();
window.addEventListener("popstate", () => {
  phone.readAddress();
  phone.launch();
});
setInterval(() => phone.tick(), 1000);
phone.launch();
