// Runs once a board; the board's HTML may change under it, so it listens at the board itself.
const tell = (at, more = {}) => trigger('act', { ...at.dataset, ...more });
const found = (event) => {
  const at = event.target.closest('[data-do]');
  return at && element.contains(at) ? at : null;
};
element.addEventListener('click', (event) => {
  const at = found(event);
  if (at && at.matches('button:not([type=submit]), a')) tell(at, { value: at.value ?? '' });
});
element.addEventListener('change', (event) => {
  const at = found(event);
  if (!at || !at.matches('input, select, textarea')) return;
  tell(at, { value: at.type === 'checkbox' ? at.checked : at.value });
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const at = event.target.closest('form[data-do]');
  if (at) tell(at, { fields: Object.fromEntries(new FormData(at)) });
});
// What had the keyboard's focus has it again when the board was drawn anew.
let last = '';
document.addEventListener('focusin', (event) => {
  last = element.contains(event.target) ? event.target.id : '';
});
watch('value', () => {
  const at = last && document.activeElement === document.body && document.getElementById(last);
  if (at && element.contains(at)) at.focus({ preventScroll: true });
});
