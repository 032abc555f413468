// WeChat on the simulated phone: what the mini program's logic needs of the world around it.

// The simulator hands these calls on to Saoma, as the calls of a phone.
export const SERVER = "/phone/saoma";

// For one WeChat user; the phone may change hands.
export function createPlatform(user) {
  const keyOf = (key) => `saoma-phone-${key}-${user}`;
  return {
    request: ({ method, url, headers, data, timeout }) => request(method, url, headers, data, timeout),
    connect,
    login: () => loginCode(user),
    async load(key) {
      try {
        return JSON.parse(localStorage.getItem(keyOf(key))) ?? undefined;
      } catch {
        return undefined;
      }
    },
    async save(key, value) {
      try {
        localStorage.setItem(keyOf(key), JSON.stringify(value));
      } catch {
        // In a private window each visit signs in anew.
      }
    },
    async forget(key) {
      try {
        localStorage.removeItem(keyOf(key));
      } catch {
        // There was nothing.
      }
    },
    delay: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: () => Date.now(),
  };
}

async function request(method, url, headers, data, timeout) {
  const body = data === undefined || data instanceof ArrayBuffer ? data : JSON.stringify(data);
  const signal = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, { method, headers, body, signal, cache: "no-store" });
    const text = await response.text();
    return { ok: true, status: response.status, data: parsed(text) };
  } catch {
    return { ok: false, reason: signal.aborted ? "timeout" : "network" };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// What wx.login gives this user.
async function loginCode(user) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ user });
  try {
    const response = await fetch("/_sim/js_code", { method: "POST", headers, body });
    return (await response.json()).code ?? "";
  } catch {
    return "";
  }
}

// A phone's socket goes straight to Saoma: the simulator relays no sockets.
function connect(_, { opened, heard, closed }) {
  const { saoma } = document.body.dataset;
  let isOver = false;
  const over = (code) => {
    if (isOver) return;
    isOver = true;
    closed(code);
  };
  let socket;
  try {
    socket = new WebSocket(`${saoma.replace(/^http/, "ws")}/ws/phone`);
  } catch {
    setTimeout(over, 0, 1006);
    return { send() {}, close() {} };
  }
  socket.onopen = () => isOver || opened();
  socket.onmessage = ({ data }) => isOver || typeof data !== "string" || heard(data);
  socket.onclose = ({ code }) => over(code);
  return {
    send: (text) => socket.send(text),
    close() {
      isOver = true;
      socket.close(1000);
    },
  };
}

// Pictures by the address under which the page shows them.
const pictures = new Map();

// As `open-type="chooseAvatar"` does: a path, and the bytes behind it.
export function keepPicture(file) {
  const path = URL.createObjectURL(file);
  pictures.set(path, file);
  return path;
}

export async function readPicture(path) {
  try {
    return await pictures.get(path).arrayBuffer();
  } catch {
    return null;
  }
}
