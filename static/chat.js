// What this browser and the phone that let it in say to each other.

import { linked } from './links.js';

const MOST_CHARACTERS = 1000;
const MOST_LINES = 200;
const find = (id) => document.getElementById(id);

export class Chat {
  /** `send(text)` gives a text to the socket, or returns false where there is none. */
  constructor({ send }) {
    this.send = send;
    this.words = find('chat').dataset;
    this.log = find('chat_log');
    this.field = find('chat_text');
    this.last = null;
    find('chat_form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.say();
    });
    this.field.addEventListener('keydown', (event) => {
      // While an input method composes, the key chooses a word.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.say();
    });
    this.field.addEventListener('input', () => { this.fit(); });
    this.peer(null);
  }

  /** Whether the phone is there; null while nobody knows. */
  peer(present) {
    this.present = present;
    find('chat').dataset.peer = present ? 'here' : 'away';
    find('chat_presence').textContent = present ? this.words.here : this.words.away;
    find('chat_note').hidden = Boolean(present);
  }

  heard({ from, text, sent_at: sentAt }) {
    if (from === 'phone') this.add('phone', text, new Date(sentAt));
  }

  /** The server could not pass on what was said last. */
  failed(detail) {
    if (this.last) this.last.dataset.undelivered = this.words.undelivered;
    this.last = null;
    this.complain(detail);
  }

  say() {
    const text = sayable(this.field.value);
    if (text === '') return;
    if (Array.from(text).length > MOST_CHARACTERS) return this.complain(this.words.tooLong);
    if (!this.send(text)) return this.complain(this.words.offline);
    this.complain('');
    this.last = this.add('browser', text, new Date());
    this.field.value = '';
    this.fit();
    this.field.focus();
  }

  add(from, text, time) {
    const line = find('chat_line').content.firstElementChild.cloneNode(true);
    line.dataset.from = from;
    line.querySelector('.chat-who').textContent = from === 'phone' ? this.words.phone : this.words.you;
    line.querySelector('.chat-said').append(linked(text));
    const when = line.querySelector('time');
    if (!Number.isNaN(time.getTime())) {
      when.dateTime = time.toISOString();
      when.textContent = time.toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
    }
    this.log.hidden = false;
    this.log.append(line);
    while (this.log.children.length > MOST_LINES) this.log.firstElementChild.remove();
    this.log.scrollTop = this.log.scrollHeight;
    return line;
  }

  complain(sentence) {
    find('chat_problem').textContent = sentence;
  }

  /** As high as what is written in it; the style knows the bound. */
  fit() {
    this.field.rows = Math.min(5, this.field.value.split('\n').length);
  }
}

/** What the server takes: no control characters but newlines. */
export function sayable(text) {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\t/g, '  ');
  return lines.replace(/(?!\n)\p{Cc}/gu, '').trim();
}
