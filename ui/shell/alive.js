// Asks now and then whether the server is still the one that made this page, and says when not.
const { boot, alive } = document.currentScript.dataset;
let misses = 0;
const ask = async () => {
  if (document.hidden) return;
  let here = false;
  try {
    const answer = await fetch(alive, { signal: AbortSignal.timeout(5000) });
    const restarted = answer.ok && (await answer.json()).boot !== boot;
    here = answer.ok && !restarted;
    if (restarted) misses = 2;
  } catch {
    // no answer: a miss
  }
  misses = here ? 0 : misses + 1;
  const banner = document.getElementById('shell-lost');
  banner.hidden = misses < 2;
  if (misses === 1) setTimeout(ask, 2000);
};
document.addEventListener('DOMContentLoaded', () => {
  document.querySelector('#shell-lost button').addEventListener('click', () => location.reload());
  setInterval(ask, 10000);
  addEventListener('online', ask);
  addEventListener('offline', ask);
  document.addEventListener('visibilitychange', ask);
});
