// The user's sessions in other browsers: seen, and ended after a question.

import { call } from './api.js';

const PATH = '/api/sessions';
const find = (id) => document.getElementById(id);

export class Sessions {
  /** `say(text)` tells in a sentence; `signedOut()` is called when this session is no more. */
  constructor({ say, signedOut }) {
    this.words = find('dashboard').dataset;
    this.say = say;
    this.signedOut = signedOut;
    this.rows = new Map();
    this.asked = 0;
    find('list_again').addEventListener('click', () => this.load());
    find('end_others').addEventListener('click', (event) => this.ask(event.target, {
      text: 'others', values: () => ({ count: this.rows.size }), path: PATH, told: 'othersEnded',
    }));
  }

  /** Asks the server for the list. Rows that stay keep their place, and a question in them. */
  async load() {
    this.asked += 1;
    const mine = this.asked;
    try {
      const { sessions } = await call('GET', PATH);
      if (mine === this.asked) this.show(sessions.filter((session) => !session.current));
    } catch (problem) {
      if (problem.status === 401) this.signedOut();
      else if (mine === this.asked) this.failed();
    }
  }

  show(sessions) {
    const ids = new Set(sessions.map(({ id }) => id));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.remove(id);
    for (const [place, session] of sessions.entries()) {
      const row = this.rows.get(session.id) || this.add(session);
      setTime(row.querySelector('.session-seen'), session.last_seen_at);
      if (find('sessions').children[place] !== row) find('sessions').children[place].before(row);
    }
    find('list_again').hidden = true;
    this.count();
  }

  failed() {
    // An older list is better than none, and says nothing wrong of what it shows.
    if (this.rows.size > 0) return;
    find('others_note').textContent = find('others_note').dataset.failed;
    find('list_again').hidden = false;
  }

  count() {
    const { size } = this.rows;
    find('others_note').textContent = find('others_note').dataset.none;
    find('others_note').hidden = size > 0;
    find('sessions').hidden = size === 0;
    find('others_count').textContent = size;
    find('others_count').hidden = size < 2;
    // While its question is open, the button is hidden by it.
    if (!document.querySelector('#others > .session-end .question')) find('end_others').hidden = size < 2;
  }

  add(session) {
    const row = find('session').content.firstElementChild.cloneNode(true);
    const name = this.nameOf(session);
    row.querySelector('.session-browser').textContent = name;
    row.querySelector('.session-from').textContent = [session.place, session.ip].filter(Boolean).join(' · ');
    setTime(row.querySelector('.session-since'), session.created_at);
    const button = row.querySelector('button');
    button.setAttribute('aria-label', `${button.textContent}: ${name}`);
    button.addEventListener('click', () => this.ask(button, {
      text: 'one', values: () => ({ session: name }), path: `${PATH}/${session.id}`, told: 'oneEnded',
    }));
    this.rows.set(session.id, row);
    find('sessions').append(row);
    return row;
  }

  remove(id) {
    const row = this.rows.get(id);
    const focused = row.contains(document.activeElement);
    row.remove();
    this.rows.delete(id);
    if (focused) find('others_title').focus();
  }

  nameOf({ browser, os }) {
    const [name, system] = [browser, os].map((word) => (word && word !== '?' ? word : ''));
    if (name && system) return fill(this.words.on, { browser: name, os: system });
    return name || system || this.words.unknown;
  }

  /** Puts the question in the button's place; nothing ends before it is answered. */
  ask(button, { text, values, path, told }) {
    const question = find('question').content.firstElementChild.cloneNode(true);
    const words = question.querySelector('.question-text');
    const [keep, end] = question.querySelectorAll('button');
    words.textContent = fill(words.dataset[text], values());
    question.setAttribute('aria-label', words.textContent);
    const close = () => {
      const focused = question.contains(document.activeElement);
      question.remove();
      button.hidden = false;
      if (focused) button.focus();
    };
    keep.addEventListener('click', close);
    question.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
    end.addEventListener('click', async () => {
      for (const answer of [keep, end]) answer.disabled = true;
      this.say('');
      const ended = await this.end(path);
      close();
      if (!ended) return this.say(this.words.endFailed);
      this.say(fill(this.words[told], values()));
      for (const id of [...this.rows.keys()]) if (path === PATH || path.endsWith(id)) this.remove(id);
      this.count();
      find('others_title').focus();
      return this.load();
    });
    this.say('');
    button.hidden = true;
    button.after(question);
    keep.focus();
  }

  /** True once the session is no more, also when somebody else was faster. */
  async end(path) {
    try {
      await call('DELETE', path);
      return true;
    } catch (problem) {
      if (problem.status === 401) this.signedOut();
      return problem.status === 404;
    }
  }
}

/** Shows a time of the server's in the language of the page and the person's time zone. */
export function setTime(element, text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return;
  element.dateTime = text;
  element.textContent = time.toLocaleString(document.documentElement.lang, {
    dateStyle: 'long', timeStyle: 'short',
  });
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? values[name] : place));
}
