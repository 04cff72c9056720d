// The large view. Panels come with the gallery; what was typed is kept until applied.
const find = (what, at = element) => at.querySelector(what);
const zoom = find('.zoom'), looks = find('.zoom-styles'), stage = find('.zoom-stage');
const sheet = find('.zoom-sheet'), picture = find('.zoom-picture'), side = find('.zoom-panel');
const size = find('.zoom-size'), news = find('.zoom-news');
const wall = () => document.getElementById('posters-wall');
const strip = () => document.getElementById('review-strip');
const ids = () => [...wall().querySelectorAll('figure[data-poster]')].map((one) => one.dataset.poster);
const template = (id) => {
  const at = wall().querySelector(`[data-panel="${CSS.escape(id)}"]`);
  return at && Object.assign(document.createElement('template'), { innerHTML: at.dataset.html });
};
const typed = new Map(); // a poster's panel while it differs from what is made
let shown = '', sent = '', real = false;

// One poster
const about = () => find('.zoom-about', side);
const form = () => find('form', side);
const changed = () => [...(form()?.elements ?? [])].filter((at) => {
  if (!at.name) return false;
  return at.type === 'radio' ? at.checked && !at.hasAttribute('data-was') : at.value !== at.dataset.was;
});
const value = (name, usual = 0) => {
  const at = form()?.elements[name];
  return at ? (Number.parseFloat(at.value) || usual) - (Number.parseFloat(at.dataset.was) || usual) : 0;
};
function show(id) {
  const from = template(id);
  if (!from) return zoom.close();
  if (shown && changed().length) typed.set(shown, about());
  shown = id;
  const old = typed.get(id), src = find('.zoom-about', from.content).dataset.src;
  side.replaceChildren(old?.dataset.src === src ? old : from.content.cloneNode(true));
  const { title, width, height, grips } = about().dataset, all = ids();
  picture.width = width;
  picture.height = height;
  if (picture.getAttribute('src') !== src) picture.src = src;
  picture.alt = title;
  sheet.grips = {};
  for (const [name, boxes] of Object.entries(JSON.parse(grips))) {
    const [left, top, right, bottom] = [0, 1, 2, 3].map((n) => Math[n < 2 ? 'min' : 'max'](...boxes.map((box) => box[n])));
    sheet.grips[name] = [left, top, right, bottom];
    find(`[data-grip="${name}"]`).querySelectorAll('span').forEach((part) => part.remove());
    find(`[data-grip="${name}"]`).append(...boxes.map((box) => Object.assign(document.createElement('span'), { box })));
  }
  find('.zoom-place').textContent = `${all.indexOf(id) + 1} / ${all.length}`;
  for (const at of element.querySelectorAll('[data-go]')) at.hidden = all.length < 2;
  fit();
  moved();
}
function go(by) {
  const all = ids();
  show(all[(all.indexOf(shown) + by + all.length) % all.length]);
}

// How large it is
function fit() {
  const [w, h] = ['width', 'height'].map((name) => Number(picture.getAttribute(name)));
  const style = getComputedStyle(stage), taken = (...sides) => sides.reduce((sum, at) => sum + Number.parseFloat(style[`padding${at}`]), 0);
  const room = [stage.clientWidth - taken('Left', 'Right'), stage.clientHeight - taken('Top', 'Bottom')];
  const share = real ? 1 / devicePixelRatio : Math.min(room[0] / w, room[1] / h, 1.5);
  sheet.style.width = `${w * share}px`;
  sheet.style.height = `${h * share}px`;
  size.setAttribute('aria-pressed', real);
  size.textContent = real ? size.dataset.fit : size.dataset.real;
  stage.classList.toggle('real', real);
  ghosts();
}
const move = find('.zoom-move');
move.addEventListener('click', () => {
  move.setAttribute('aria-pressed', sheet.classList.toggle('moving'));
});
size.addEventListener('click', () => { real = !real; fit(); });
stage.addEventListener('dblclick', (event) => {
  if (!event.target.closest('.zoom-grip')) { real = !real; fit(); }
});
new ResizeObserver(() => zoom.open && fit()).observe(stage);

// Where product and words would stand
const marks = [...element.querySelectorAll('.zoom-grip')];
function ghosts() {
  const [w, h] = [sheet.clientWidth, sheet.clientHeight];
  for (const grip of marks) {
    const name = grip.dataset.grip, box = sheet.grips?.[name];
    grip.hidden = !box || !form()?.elements[`${name}_x`];
    if (grip.hidden) continue;
    const [left, top, right, bottom] = [box[0] * w, box[1] * h, box[2] * w, box[3] * h];
    const now = form().elements.scale, grown = name === 'product' && now
      ? (Number.parseFloat(now.value) || 100) / (Number.parseFloat(now.dataset.was) || 100) : 1;
    const [x, y] = [value(`${name}_x`) / 100 * w, value(`${name}_y`) / 100 * h];
    Object.assign(grip.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`, transform: `translate(${x}px, ${y}px) scale(${grown})` });
    const away = Boolean(x || y || grown !== 1);
    grip.classList.toggle('away', away);
    for (const part of grip.querySelectorAll('span')) {
      const [l, t, r, b] = [part.box[0] * w, part.box[1] * h, part.box[2] * w, part.box[3] * h];
      Object.assign(part.style, {
        left: `${l - left}px`, top: `${t - top}px`, width: `${r - l}px`, height: `${b - t}px`,
        background: away ? `url("${picture.src}") ${-l}px ${-t}px / ${w}px ${h}px` : '',
      });
    }
  }
}
function moved() {
  ghosts();
  const apply = find('.zoom-apply', side);
  if (apply) apply.disabled = !changed().length || zoom.classList.contains('busy');
}
side.addEventListener('input', moved);
// In % of the poster, as far as it stays on it
function place(grip, axis, wanted) {
  const name = grip.dataset.grip, at = form().elements[`${name}_${axis}`];
  const [low, high] = axis === 'x' ? [0, 2] : [1, 3], was = Number.parseFloat(at.dataset.was) || 0;
  const by = Math.min(100 * (1 - sheet.grips[name][high]), Math.max(-100 * sheet.grips[name][low], wanted - was));
  at.value = String(Math.round(Math.min(100, Math.max(-100, was + by)) * 2) / 2);
}
const placed = (grip, axis) => Number.parseFloat(form().elements[`${grip.dataset.grip}_${axis}`].value) || 0;
let drag = null;
for (const grip of marks) {
  grip.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    grip.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, y: event.clientY, from: [placed(grip, 'x'), placed(grip, 'y')] };
  });
  grip.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const to = [(event.clientX - drag.x) / sheet.clientWidth, (event.clientY - drag.y) / sheet.clientHeight];
    ['x', 'y'].forEach((axis, n) => place(grip, axis, drag.from[n] + 100 * to[n]));
    moved();
  });
  for (const end of ['pointerup', 'pointercancel']) grip.addEventListener(end, () => { drag = null; });
  grip.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 5 : 1;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    ['x', 'y'].forEach((axis, n) => place(grip, axis, placed(grip, axis) + by[n]));
    moved();
  });
}

// What is told to Python: of a form, only what was changed
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(changed().map((at) => [at.name, at.value]));
  if (!Object.keys(fields).length) return;
  sent = shown;
  busy(true);
  trigger('act', { ...event.target.dataset, fields });
});
element.addEventListener('click', (event) => {
  const at = event.target.closest('button');
  if (!at) return;
  if (at.dataset.go) go(Number(at.dataset.go));
  else if (at.matches('.zoom-close')) at.closest('dialog').close();
  else if (news.contains(at)) find(`[data-do="${at.dataset.do}"]`, strip())?.click();
  else if (at.dataset.do) {
    if (looks.contains(at)) looks.close();
    if (at.dataset.do === 'reset') sent = shown;
    busy(true);
    trigger('act', { ...at.dataset, value: at.value });
  }
});
function busy(now) {
  zoom.classList.toggle('busy', now);
  moved();
}
const mirror = () => {
  news.replaceChildren(...[...strip().children].map((at) => at.cloneNode(true)));
  busy(Boolean(find('progress', news)));
};

// Open and close
document.addEventListener('posters:open', ({ detail }) => {
  typed.clear();
  shown = '';
  real = false;
  sheet.classList.remove('moving');
  move.setAttribute('aria-pressed', false);
  const line = strip();
  if (line && !line.told) {
    line.told = new MutationObserver(mirror);
    line.told.observe(line, { childList: true, subtree: true, characterData: true });
  }
  news.replaceChildren();
  zoom.classList.remove('busy');
  zoom.showModal();
  show(detail);
  stage.focus();
});
document.addEventListener('posters:drawn', () => {
  if (!zoom.open) return;
  const id = shown;
  if (find('.zoom-about', template(id)?.content ?? side)?.dataset.src !== picture.getAttribute('src')) {
    sent = id;
  }
  if (sent === id || !changed().length) shown = ''; // what was typed is done, or there is none
  typed.delete(sent);
  sent = '';
  show(id);
});
document.addEventListener('posters:styles', () => {
  const now = find('[data-style]', wall())?.dataset.style;
  for (const at of looks.querySelectorAll('[data-do="style"]')) at.setAttribute('aria-pressed', at.value === now);
  looks.showModal();
});
zoom.addEventListener('close', () => {
  const id = shown;
  shown = '';
  document.getElementById(`posters-open-${id}`)?.focus();
});
looks.addEventListener('click', (event) => { if (event.target === looks) looks.close(); });
zoom.addEventListener('keydown', (event) => {
  if (event.target.closest('input, select, textarea')) return;
  if (event.key === 'ArrowLeft') go(-1);
  else if (event.key === 'ArrowRight') go(1);
  else return;
  event.preventDefault();
});
let swipe = null;
stage.addEventListener('pointerdown', (event) => {
  swipe = event.pointerType === 'touch' && !real && !event.target.closest('.zoom-grip') ? event.clientX : null;
});
stage.addEventListener('pointerup', (event) => {
  if (swipe !== null && Math.abs(event.clientX - swipe) > 50) go(event.clientX < swipe ? 1 : -1);
  swipe = null;
});
