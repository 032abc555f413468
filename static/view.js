// What is seen of a state. Nothing moves between states: everything has its place reserved.

// For each state: the icon over the code, and the tab's icon.
const LOOKS = {
  connecting: ['wait', 'icon'],
  pending: [null, 'icon'],
  'pending.link': ['phone', 'icon'],
  scanned: ['phone', 'icon-wait'],
  not_registered: ['person', 'icon-wait'],
  code_needed: [null, 'icon-wait'],
  signing_in: ['wait', 'icon-done'],
  done: [null, 'icon-done'],
  cancelled: ['stop', 'icon-stop'],
  expired: ['refresh', 'icon-stop'],
  failed: ['stop', 'icon-stop'],
  offline: ['offline', 'icon-stop'],
  unavailable: ['clock', 'icon-stop'],
  elsewhere: ['tabs', 'icon-stop'],
  wrong_address: ['address', 'icon-stop'],
};
const NOTICE_TIME = 12000;

const find = (id) => document.getElementById(id);

export class View {
  constructor(page) {
    this.page = page;
    this.texts = JSON.parse(page.dataset.texts);
    this.states = new Map(this.texts.states.map((state) => [state.key, state]));
    this.state = 'connecting';
    this.noticeTimer = null;
  }

  /** Shows a state; `values` fill the places in its text, such as `{name}`. */
  show(state, reason = null, values = {}) {
    const words = this.states.get(`${state}.${reason}`) || this.states.get(state);
    const filled = { site: this.page.dataset.site, host: this.page.dataset.host, ...values };
    const [icon, favicon] = LOOKS[`${state}.${reason}`] || LOOKS[state];
    const focused = document.activeElement;
    this.state = state;

    document.documentElement.dataset.state = state;
    document.documentElement.dataset.reason = reason || '';
    setText('status_title', fill(words.title, filled));
    setText('status_detail', fill(words.detail, filled));
    document.title = `${fill(words.title, filled)} · ${filled.site}`;
    const tabIcon = find('favicon');
    tabIcon.href = `${tabIcon.dataset.base}${favicon}.svg`;

    const number = state === 'scanned' && values.number;
    const linked = state === 'pending' && reason === 'link';
    const bare = state === 'pending' && !linked;
    find('cover').hidden = bare;
    find('icon').toggleAttribute('hidden', !icon || Boolean(number));
    find('open').hidden = !linked;
    if (icon) find('icon').firstElementChild.setAttribute('href', `#icon-${icon}`);
    find('number').hidden = !number;
    find('number').textContent = number || '';
    find('digits_entry').hidden = state !== 'code_needed';
    find('digits').setAttribute('aria-invalid', String(reason === 'wrong'));
    find('portrait').hidden = state !== 'done';
    // A code that can no longer be scanned with success is not left in sight.
    find('code').hidden = !bare;
    find('refresh').hidden = !words.button;
    find('refresh').textContent = words.button || '';
    find('refresh').classList.toggle('quiet', find('cover').hidden || icon === 'phone'
      || icon === 'person' || Boolean(number) || state === 'code_needed');
    find('not_me').hidden = state !== 'done';
    find('public_link').hidden = state !== 'wrong_address';
    if (state === 'pending') find('digits').value = '';
    this.countdown(null);
    this.moveFocus(state, focused);
  }

  /** Whoever used the keyboard is not left on something that has gone. */
  moveFocus(state, focused) {
    if (state === 'code_needed') find('digits').focus();
    else if (focused && focused !== document.body && focused.closest('[hidden]')) {
      find('status').focus({ preventScroll: true });
    }
  }

  /** Loads the code's picture before it takes the old one's place; false if it does not load. */
  async code(url) {
    const picture = new Image();
    picture.src = url;
    try {
      await picture.decode();
    } catch {
      return false;
    }
    find('code').src = picture.src;
    return true;
  }

  link(url) {
    find('open').href = url;
  }

  user(user) {
    const name = user.nickname || this.texts.nobody;
    setText('initial', [...name][0]);
    const avatar = find('avatar');
    // Somebody else's may be there still.
    avatar.hidden = true;
    avatar.onload = () => { avatar.hidden = false; };
    if (user.avatar_url) avatar.src = user.avatar_url;
    return name;
  }

  /** `kind` is `valid`, `left` or `retry`; `left` is in milliseconds, null for none. */
  countdown(left, kind = 'valid') {
    if (left === null) return setText('countdown', '');
    const seconds = Math.max(0, Math.ceil(left / 1000));
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    return setText('countdown', fill(this.texts[kind], { time }));
  }

  /** A short word beside the state: `contested`, `lost`, `log_out_failed` or `digits_missing`. */
  notice(key) {
    clearTimeout(this.noticeTimer);
    setText('notice', this.texts[key]);
    this.noticeTimer = setTimeout(() => setText('notice', ''), NOTICE_TIME);
  }

  onRefresh(act) {
    find('refresh').addEventListener('click', act);
  }

  onNotMe(act) {
    find('not_me').addEventListener('click', act);
  }

  onDigits(act) {
    const digits = find('digits');
    const send = () => {
      // Spaces may be pasted along, and a Chinese keyboard types wide digits.
      const code = digits.value.normalize('NFKC').replace(/\D/g, '');
      if (code.length !== 6) {
        this.notice('digits_missing');
        return digits.focus();
      }
      digits.value = '';
      return act(code);
    };
    digits.addEventListener('keydown', (event) => { if (event.key === 'Enter') send(); });
    find('check').addEventListener('click', send);
  }
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? values[name] : place));
}

// A live region speaks again on every write, so only a change is written.
function setText(id, text) {
  const element = find(id);
  if (element.textContent !== text) element.textContent = text;
}
