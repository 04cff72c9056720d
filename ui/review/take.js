// Copies a channel's text; plain http has no clipboard, and there the old way is taken.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.style.cssText = 'position: fixed; opacity: 0';
    element.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
element.addEventListener('click', async (event) => {
  const at = event.target.closest('[data-copy]');
  if (!at) return;
  const words = at.closest('[data-copied]'), source = document.getElementById(at.dataset.copy);
  const label = at.querySelector('span'), said = words.querySelector('.take-said');
  at.dataset.label ??= label.textContent;
  const done = await copied(source.textContent);
  at.focus();
  said.textContent = '';
  if (done) label.textContent = words.dataset.copied;
  source.hidden = done; // where it cannot be copied, it can be selected
  said.textContent = done ? words.dataset.copied : words.dataset.uncopied;
  at.classList.toggle('done', done);
  clearTimeout(at.timer);
  at.timer = setTimeout(() => {
    label.textContent = at.dataset.label;
    at.classList.remove('done');
  }, 2000);
});
