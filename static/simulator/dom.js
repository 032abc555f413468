// Making elements. Everything that came over the wire goes in as text, never as markup.

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const PATHS = {
  check: "M5 12.5 10 17.5 19.5 7",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  clock: "M12 6.5v6l3.5 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
  computer: "M4 5h16v10.5H4zM9 19.5h6M12 15.5v4",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM3.5 12h17M12 3.5c3 2.5 3 14.5 0 17M12 3.5c-3 2.5-3 14.5 0 17",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-4 4-6 7.5-6s6.7 2 7.5 6",
  question: "M9 9.2A3 3 0 1 1 13.3 12c-.9.5-1.3 1-1.3 2M12 17.2v.1",
  scan: "M4 8.5V5.5A1.5 1.5 0 0 1 5.5 4h3M15.5 4h3A1.5 1.5 0 0 1 20 5.5v3M20 15.5v3a1.5 1.5 0 0 1-1.5 1.5h-3M8.5 20h-3A1.5 1.5 0 0 1 4 18.5v-3M4 12h16",
  warning: "M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17v.1",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// A round picture in a colour that stays with its place, with the letter that tells a name best:
// the first, but of a Chinese name the last.
export function avatar(user, index) {
  const letters = Array.from(user.nickname);
  const chinese = /^\p{Script=Han}+$/u.test(user.nickname);
  const letter = (chinese ? letters.at(-1) : letters[0]) ?? "?";
  return element("span", { class: `avatar avatar-${index % 6}`, "aria-hidden": "true" }, letter);
}
