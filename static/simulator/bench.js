// The strip beside the phone: who holds it, how the code was opened, in which language.

import { avatar, element } from "/phone/assets/dom.js";

export function bench(phone, text, act) {
  const words = text.bench;
  const settings = element("div", { id: "settings", class: "bench-settings" },
    entryScene(phone, words, act), languages(phone, words, act));
  const toggle = element("button", {
    class: "bench-toggle", type: "button", "aria-expanded": String(phone.settingsOpen), "aria-controls": "settings",
    onclick: () => {
      phone.settingsOpen = !phone.settingsOpen;
      toggle.setAttribute("aria-expanded", String(phone.settingsOpen));
      settings.classList.toggle("open", phone.settingsOpen);
    },
  }, words.settings);
  settings.classList.toggle("open", phone.settingsOpen);
  return [
    element("div", { class: "bench-title" }, element("strong", {}, words.title), element("p", {}, words.about)),
    element("div", { class: "bench-strip" }, users(phone, words, act), toggle),
    settings,
  ];
}

function users(phone, words, act) {
  const choices = phone.users.map((user, index) => {
    const chosen = user.id === phone.userId;
    return element("label", { class: "user" },
      element("input", {
        type: "radio", name: "user", value: user.id, checked: chosen, onchange: () => act.pick(user.id),
      }),
      avatar(user, index), element("span", {}, user.nickname));
  });
  const nickname = element("input", { type: "text", maxlength: "32", autocomplete: "off", "aria-label": words.nickname, placeholder: words.nickname });
  const add = (event) => {
    event.preventDefault();
    if (nickname.value.trim()) act.addUser(nickname.value.trim());
  };
  return element("div", { class: "users" },
    element("fieldset", {}, element("legend", {}, words.user), choices),
    element("form", { class: "add-user", onsubmit: add }, nickname,
      element("button", { type: "submit", "aria-label": words.addUser }, words.add)));
}

function entryScene(phone, words, act) {
  const options = Object.entries(words.entries).map(([value, name]) =>
    element("option", { value, selected: value === String(phone.entryScene) }, name));
  const select = element("select", { id: "entry-scene", onchange: () => act.enterBy(Number(select.value)) }, options);
  return element("div", { class: "setting" },
    element("label", { for: "entry-scene" }, words.entry),
    select,
    element("button", { type: "button", class: "small", disabled: !phone.scene, onclick: act.again }, words.again));
}

function languages(phone, words, act) {
  const button = (language, name) =>
    element("button", {
      type: "button", class: "small", lang: language, "aria-pressed": String(phone.language === language),
      onclick: () => act.speak(language),
    }, name);
  return element("div", { class: "setting languages", role: "group", "aria-label": words.language },
    button("zh-CN", "中文"), button("en", "English"));
}
