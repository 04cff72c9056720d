// Ticks ↔ value; sets, search and the fold are the browser's own affair.
const $ = (what) => element.querySelector(what);
const $$ = (what) => [...element.querySelectorAll(what)];
const boxes = $$('input[type=checkbox]');
const all = $('.channels-all'), more = $('.channels-more'), search = $('.channels-search');

const show = () => {
  const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  $('.channels-count').textContent = $('.channels').dataset.count.replace('#', chosen.size);
  for (const set of $$('[data-set]'))
    set.setAttribute('aria-pressed', set.dataset.set.split(' ').every((name) => chosen.has(name)));
};
const tell = () => {
  props.value = boxes.filter((box) => box.checked).map((box) => box.value);
  show();
};
const take = () => {
  for (const box of boxes) box.checked = (props.value || []).includes(box.value);
  pin();
  show();
};
// What was ticked when the fold closed stays in sight, so that no tile jumps away when unticked.
const pin = () => {
  for (const box of boxes) box.closest('label').toggleAttribute('data-pinned', box.checked);
};
const unfold = (open) => {
  all.dataset.more = open ? 'all' : 'few';
  more.setAttribute('aria-expanded', open);
  more.textContent = open ? more.dataset.few : more.dataset.all;
  if (!open) { search.value = ''; find(); pin(); }
};
const find = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const tile of $$('.channels-tile'))
    tile.hidden = !words.every((word) => tile.dataset.words.toLowerCase().includes(word));
  for (const part of $$('.channels-platform, .channels-market'))
    part.hidden = !part.querySelector('.channels-tile:not([hidden])');
  $('.channels-none').hidden = !!all.querySelector('.channels-tile:not([hidden])');
};
element.addEventListener('change', (event) => { if (boxes.includes(event.target)) tell(); });
for (const set of $$('[data-set]')) set.addEventListener('click', () => {
  const names = set.dataset.set.split(' ');
  const on = set.getAttribute('aria-pressed') !== 'true';
  for (const box of boxes) if (names.includes(box.value)) box.checked = on;
  if (all.dataset.more === 'few') pin();
  tell();
});
more.addEventListener('click', () => unfold(all.dataset.more === 'few'));
search.addEventListener('input', () => { if (search.value && all.dataset.more === 'few') unfold(true); find(); });
search.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') { search.value = ''; find(); }
});
watch('value', take);
take();
