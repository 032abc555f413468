// Counts down to the moment when trying again makes sense, and then does.

const page = document.getElementById('error');
const countdown = document.getElementById('countdown');
// At a random moment, lest all pages come back at once.
const end = performance.now() + Number(page.dataset.retryIn) * 1000 + Math.random() * 2000;

function tick() {
  const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  countdown.textContent = page.dataset.retryText.replace('{time}', time);
  if (seconds === 0 && !document.hidden) {
    clearInterval(timer);
    location.reload();
  }
}

const timer = setInterval(tick, 500);
tick();
