// The phone: who holds it, which page of the mini program is open, and what the screen shows.

import { bench } from "/phone/assets/bench.js";
import { recall, remember, sceneIn } from "/phone/assets/browser.js";
import { chatPage, homePage, loginPage, profilePage } from "/phone/assets/pages.js";
import * as screens from "/phone/assets/screens.js";
import { strings } from "/phone/assets/strings.js";

const CAMERA = 1047;

class Phone {
  constructor() {
    this.users = JSON.parse(document.body.dataset.users);
    this.siteName = document.body.dataset.site;
    this.readAddress();
    const { user } = this.query;
    this.userId = this.#knownUser(user) ?? this.#knownUser(recall("user"));
    this.entryScene = Number(recall("entry-scene")) || CAMERA;
    this.language = strings[recall("language")] ? recall("language") : document.documentElement.lang;
    this.settingsOpen = false;
    this.page = null;
    this.drawn = {};
    this.act = {
      again: () => this.launch(),
      addUser: (nickname) => this.addUser(nickname),
      enterBy: (entryScene) => this.enterBy(entryScene),
      pick: (id) => this.pick(id),
      speak: (language) => this.speak(language),
    };
  }

  readAddress() {
    this.query = Object.fromEntries(new URLSearchParams(location.search));
    this.scene = this.query.scene ?? "";
    this.wantsDevices = "devices" in this.query;
    this.chatSession = this.query.chat ?? "";
    this.chatName = this.query.name ?? "";
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
  launch() {
    this.page?.close();
    this.page = this.#pageOfAddress();
    this.renderBench();
    this.page.open();
  }

  #pageOfAddress() {
    const isHome = !(this.scene || this.wantsDevices || this.chatSession || "account" in this.query);
    if (!isHome && !this.user) return this.#pick();
    if (this.scene) return loginPage(this);
    if (this.chatSession) return chatPage(this);
    if ("account" in this.query) return profilePage(this);
    return homePage(this, () => this.text);
  }

  #pick() {
    const words = this.text.pick;
    const open = () => this.draw("pick", words.title, screens.pick(words, this.users, this.act), false);
    return { open, draw: open, hide() {}, show() {}, close() {} };
  }

  // Puts a page on the screen. What somebody is typing stays, and so does the place where he is;
  // what looks as before stays altogether, lest a button go between press and release.
  draw(name, title, content, isBusy) {
    const screen = document.getElementById("screen");
    const another = this.drawn.name !== name;
    const html = content.filter(Boolean).map((element) => element.outerHTML).join("");
    if (!another && this.drawn.html === html && this.drawn.page === this.page) return;
    const { id, value, selectionStart } = document.activeElement ?? {};
    const typed = Object.fromEntries([...screen.querySelectorAll("[data-keep]")].map((field) => [field.id, field.value]));
    this.drawn = { name, html, page: this.page };
    screen.replaceChildren(...content.filter(Boolean));
    screen.dataset.screen = name;
    screen.setAttribute("aria-busy", String(isBusy));
    for (const field of screen.querySelectorAll("[data-keep]")) {
      if (!another && typed[field.id]) field.value = typed[field.id];
    }
    document.title = `${title} · ${this.text.bench.title}`;
    this.#focus(another, id, value === undefined ? null : selectionStart);
    if (!another) return;
    screen.scrollTop = 0;
    document.getElementById("announcer").textContent = title;
  }

  #focus(another, id, caret) {
    const heading = document.querySelector("#screen h1");
    if (another) return heading?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) return undefined;
    const next = [id, "leave", "told"].map((it) => it && document.getElementById(it)).find((it) => it && !it.disabled);
    if (!next) return undefined;
    next.focus();
    if (caret !== null && next.setSelectionRange && next.id === id) next.setSelectionRange(caret, caret);
    return undefined;
  }

  renderBench() {
    document.documentElement.lang = this.language;
    document.getElementById("app-name").textContent = this.siteName;
    document.getElementById("bench").replaceChildren(...bench(this, this.text, this.act));
  }

  // What a camera does that looks at the computer's screen: it sees the newest code.
  async look() {
    const response = await fetch("/phone/newest").catch(() => null);
    const scene = response?.ok ? (await response.json()).scene : null;
    if (scene) this.go(addressOf(scene));
    return Boolean(scene);
  }

  open(link) {
    const scene = sceneIn(link.trim());
    if (scene) this.go(addressOf(scene));
    return Boolean(scene);
  }

  go(address) {
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
    const headers = { "content-type": "application/json", "accept-language": this.language };
    const body = JSON.stringify({ nickname });
    const response = await fetch("/phone/users", { method: "POST", headers, body }).catch(() => null);
    if (!response?.ok) return;
    const user = await response.json();
    this.users.push(user);
    this.pick(user.id);
  }

  enterBy(entryScene) {
    this.entryScene = entryScene;
    remember("entry-scene", entryScene);
    this.launch();
  }

  // The mini program is opened in a WeChat of this language.
  speak(language) {
    this.language = language;
    remember("language", language);
    this.renderBench();
    this.page.draw();
  }

  tick() {
    const now = new Date();
    const minutes = String(now.getMinutes()).padStart(2, "0");
    document.getElementById("clock").textContent = `${now.getHours()}:${minutes}`;
  }
}

function addressOf(scene) {
  return `/phone?scene=${encodeURIComponent(scene)}`;
}

const phone = new Phone();
window.addEventListener("popstate", () => {
  phone.readAddress();
  phone.launch();
});
// Whoever leaves WeChat stops the mini program.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) phone.page.hide();
  else phone.page.show();
});
phone.tick();
setInterval(() => phone.tick(), 1000);
phone.launch();
