// What a page on Saoma's own host can do. The browser sends the cookie by itself.

const find = (id) => document.getElementById(id);

/** The user, or null for somebody who is not signed in. */
async function whoAmI() {
  const answer = await fetch('/api/me');
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`/api/me: ${answer.status}`);
  return answer.json();
}

/** Calls a service that knows access tokens and no cookies. */
async function callService(address) {
  const token = await fetch('/api/token', { method: 'POST' });
  if (!token.ok) throw new Error(`/api/token: ${token.status}`);
  const { access_token: accessToken } = await token.json();
  const answer = await fetch(address, { headers: { authorization: `Bearer ${accessToken}` } });
  return answer.json();
}

const user = await whoAmI();
if (user) {
  find('who').textContent = `Hello, ${user.nickname ?? user.id}`;
} else {
  location.assign(`/login?return_to=${encodeURIComponent(location.pathname + location.search)}`);
}
find('hello').onclick = async () => {
  find('answer').textContent = JSON.stringify(await callService('/hello'));
};
find('leave').onclick = async () => {
  await fetch('/api/logout', { method: 'POST' });
  location.assign('/login');
};
