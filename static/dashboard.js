// The dashboard: tells when the session ends, ends it, lists the others, and talks with the phone.

import { Chat } from './chat.js';
import { logOut, whoAmI } from './redeem.js';
import { Sessions, setTime } from './sessions.js';
import { Socket } from './socket.js';

const LOGIN = '/login?return_to=%2Fdashboard';
const SHOW_END = 3000;
const NOTICE_TIME = 12000;

const page = document.getElementById('dashboard');
const notice = document.getElementById('notice');
const since = document.getElementById('session_since');
let leaving = false;
let wasAway = false;
let noticeTimer = null;

setTime(since, since.dateTime);

const sessions = new Sessions({ say, signedOut: ended });
const chat = new Chat({ send });
const socket = new Socket(() => '/ws/session', {
  opened,
  message: heard,
  lost: check,
  refused: () => { check(); socket.retry(); },
  closed: (rule) => { if (rule === 'login') ended(); },
});
socket.connect();
sessions.load();
document.addEventListener('visibilitychange', () => { if (!document.hidden) sessions.load(); });
window.addEventListener('online', () => { if (!socket.isOpen) socket.connect(); });

for (const id of ['log_out', 'not_me']) document.getElementById(id).addEventListener('click', leave);

/** What has changed while there was no socket, nobody has told. */
function opened() {
  if (wasAway) sessions.load();
  wasAway = false;
}

function heard(message) {
  if (message.type === 'message') chat.heard(message);
  if (message.type === 'peer') chat.peer(message.present);
  if (message.type === 'error') chat.failed(message.detail);
}

/** False while there is no socket. */
function send(text) {
  if (!socket.isOpen) return false;
  socket.send({ type: 'message', text });
  return true;
}

/** A refused socket says no reason; a request does. */
async function check() {
  wasAway = true;
  chat.peer(null);
  const user = await whoAmI().catch(() => undefined);
  if (user === null) ended();
}

function ended() {
  if (leaving) return;
  leaving = true;
  socket.stop();
  say('');
  document.documentElement.dataset.state = 'ended';
  document.getElementById('account').hidden = true;
  document.getElementById('ended').hidden = false;
  setTimeout(() => location.replace(LOGIN), SHOW_END);
}

async function leave() {
  if (leaving) return;
  leaving = true;
  say('');
  try {
    await logOut();
    location.replace(LOGIN);
  } catch {
    leaving = false;
    say(page.dataset.logOutFailed);
  }
}

/** A sentence that lies over the page for a while. */
function say(text) {
  clearTimeout(noticeTimer);
  notice.textContent = text;
  noticeTimer = setTimeout(() => { notice.textContent = ''; }, NOTICE_TIME);
}
