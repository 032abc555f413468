// A text whose web addresses can be opened, and which is never anything but text.

// Only ASCII: what looks like another site's name in other letters stays plain.
const ADDRESS = /\bhttps?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;
const LAST = /[.,;:!?'*]+$/;

/** A fragment of texts and links. */
export function linked(text) {
  const made = document.createDocumentFragment();
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const shown = withoutRest(found);
    const url = addressOf(shown);
    if (url === null) continue;
    made.append(text.slice(done, index), link(shown, url));
    done = index + shown.length;
  }
  made.append(text.slice(done));
  return made;
}

function link(shown, url) {
  const made = document.createElement('a');
  made.textContent = shown;
  made.href = url;
  made.target = '_blank';
  made.rel = 'noopener noreferrer nofollow';
  return made;
}

// What ends a sentence or closes a bracket that was opened before the address.
function withoutRest(found) {
  let shown = found.replace(LAST, '');
  for (const [open, close] of ['()', '[]']) {
    while (shown.endsWith(close) && count(shown, close) > count(shown, open)) {
      shown = shown.slice(0, -1).replace(LAST, '');
    }
  }
  return shown;
}

function count(text, character) {
  return text.split(character).length - 1;
}

// None for what no browser opens, and for a name before the host: people read it as the host.
function addressOf(text) {
  try {
    const url = new URL(text);
    const plain = url.username === '' && url.password === '';
    return plain && ['http:', 'https:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
