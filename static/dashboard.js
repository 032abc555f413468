// The dashboard: tells when the session ends, and ends it.

import { logOut, whoAmI } from './redeem.js';
import { Socket } from './socket.js';

const LOGIN = '/login?return_to=%2Fdashboard';
const SHOW_END = 3000;

const page = document.getElementById('dashboard');
const notice = document.getElementById('notice');
const since = document.getElementById('session_since');
let leaving = false;

const began = new Date(since.dateTime);
if (!Number.isNaN(began.getTime())) {
  since.textContent = began.toLocaleString(document.documentElement.lang, {
    dateStyle: 'long', timeStyle: 'short',
  });
}

const socket = new Socket(() => '/ws/session', {
  opened: () => {},
  message: () => {},
  lost: check,
  refused: () => { check(); socket.retry(); },
  closed: (rule) => { if (rule === 'login') ended(); },
});
socket.connect();
document.addEventListener('visibilitychange', () => { if (!document.hidden) check(); });
window.addEventListener('online', () => { if (!socket.isOpen) socket.connect(); });

for (const id of ['log_out', 'not_me']) document.getElementById(id).addEventListener('click', leave);

/** A refused socket says no reason; a request does. */
async function check() {
  const user = await whoAmI().catch(() => undefined);
  if (user === null) ended();
}

function ended() {
  if (leaving) return;
  leaving = true;
  socket.stop();
  document.documentElement.dataset.state = 'ended';
  document.getElementById('account').hidden = true;
  document.getElementById('ended').hidden = false;
  setTimeout(() => location.replace(LOGIN), SHOW_END);
}

async function leave() {
  if (leaving) return;
  leaving = true;
  notice.textContent = '';
  try {
    await logOut();
    location.replace(LOGIN);
  } catch {
    leaving = false;
    notice.textContent = page.dataset.logOutFailed;
  }
}
