// Painting a cut-out. The canvas lies over the photo and holds what is removed, in black: so a
// stroke that keeps is one that erases it. Strokes are remembered, to take the last one back.
const dialog = element.querySelector('dialog');
const stage = element.querySelector('.stage');
const sheet = element.querySelector('.sheet');
const photo = sheet.querySelector('img');
const canvas = sheet.querySelector('canvas');
const brush = sheet.querySelector('.brush');
const pen = canvas.getContext('2d', { willReadFrequently: false });
const named = (name) => element.querySelector(`[name="${name}"]`);
const chosen = (name) => element.querySelector(`[name="${name}"]:checked`).value;
let start = null; // the automatic cut-out and where it lies: {image, box}
let campaign = '';
let strokes = [];
let zoom = 1;
let at = { x: 0.5, y: 0.5 }; // the keyboard's brush, as shares of the photo
const fingers = new Map();
let pinch = null;
let stroke = null;

const loaded = (address) => new Promise((done, failed) => {
  const image = new Image();
  image.onload = () => done(image);
  image.onerror = failed;
  image.src = address;
});
const radius = () => {
  const share = (Number(named('size').value) / 100) ** 2; // fine where it is small
  return Math.max(1, share * 0.16 * Math.max(canvas.width, canvas.height));
};
const fill = (operation, draw) => {
  pen.save();
  pen.globalCompositeOperation = operation;
  pen.fillStyle = pen.strokeStyle = '#000';
  draw();
  pen.restore();
};
const removed = () => fill('source-over', () => pen.fillRect(0, 0, canvas.width, canvas.height));
const paint = (each, from = 0) => {
  if (each.whole !== undefined) {
    if (each.whole) pen.clearRect(0, 0, canvas.width, canvas.height);
    else removed();
    return;
  }
  if (each.box) {
    removed();
    pen.clearRect(...each.box);
    return;
  }
  fill(each.keep ? 'destination-out' : 'source-over', () => {
    pen.lineWidth = each.radius * 2;
    pen.lineCap = pen.lineJoin = 'round';
    pen.beginPath();
    if (each.points.length === 1) { // a line of no length is none
      pen.arc(...each.points[0], each.radius, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    const points = each.points.slice(Math.max(0, from - 1));
    pen.moveTo(...points[0]);
    for (const point of points) pen.lineTo(...point);
    pen.stroke();
  });
};
const redraw = () => {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  removed();
  const [left, top, right, bottom] = start.box;
  fill('destination-out', () => pen.drawImage(
    start.image, left * canvas.width, top * canvas.height,
    (right - left) * canvas.width, (bottom - top) * canvas.height,
  ));
  strokes.forEach((each) => paint(each));
  named('back').disabled = !strokes.length;
};
const dark = (image) => { // what is removed is then shown bright
  const small = Object.assign(document.createElement('canvas'), { width: 16, height: 16 });
  const pen = small.getContext('2d');
  pen.drawImage(image, 0, 0, 16, 16);
  const { data } = pen.getImageData(0, 0, 16, 16);
  return data.reduce((sum, value, place) => sum + (place % 4 < 3 ? value : 0), 0) < 256 * 3 * 105;
};
const put = (each) => {
  strokes.push(each);
  paint(each);
  named('back').disabled = false;
};

const fit = () => {
  const room = Math.min(stage.clientWidth / canvas.width, stage.clientHeight / canvas.height);
  return { width: canvas.width * room, height: canvas.height * room };
};
const scale = (wanted, x = stage.clientWidth / 2, y = stage.clientHeight / 2) => {
  const before = zoom;
  zoom = Math.min(8, Math.max(1, wanted));
  const { width, height } = fit();
  const seen = { x: stage.scrollLeft + x, y: stage.scrollTop + y };
  sheet.style.width = `${width * zoom}px`;
  sheet.style.height = `${height * zoom}px`;
  stage.scrollLeft = seen.x * (zoom / before) - x;
  stage.scrollTop = seen.y * (zoom / before) - y;
  named('zoom').value = `${Math.round(zoom * 100)} %`;
  show();
};
const point = (event) => {
  const box = canvas.getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * canvas.width,
    ((event.clientY - box.top) / box.height) * canvas.height,
  ];
};
const show = () => {
  const wide = (radius() * 2 / canvas.width) * sheet.clientWidth;
  brush.style.width = brush.style.height = `${wide}px`;
  brush.style.left = `${at.x * 100}%`;
  brush.style.top = `${at.y * 100}%`;
  brush.classList.toggle('removes', chosen('review-tool') === 'remove');
};
const follow = (event) => {
  const [x, y] = point(event);
  at = { x: x / canvas.width, y: y / canvas.height };
  brush.hidden = event.pointerType === 'touch' && !stroke;
  show();
};

canvas.addEventListener('pointerdown', (event) => {
  if (event.pointerType === 'mouse' && event.button) return;
  event.preventDefault();
  canvas.focus({ preventScroll: true });
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, event);
  if (fingers.size === 2) { // two fingers move and zoom; what the first painted goes
    if (stroke) { strokes.pop(); stroke = null; redraw(); }
    pinch = null;
    return;
  }
  if (fingers.size > 2) return;
  const keep = (chosen('review-tool') === 'keep') !== (event.buttons === 32); // a pen's own eraser
  stroke = { keep, radius: radius(), points: [point(event)] };
  put(stroke);
  follow(event);
});
canvas.addEventListener('pointermove', (event) => {
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (fingers.size === 2) return pinched();
  if (stroke) {
    const from = stroke.points.length;
    const several = event.getCoalescedEvents?.() ?? [];
    stroke.points.push(...(several.length ? several : [event]).map(point));
    paint(stroke, from);
  }
  follow(event);
});
const lifted = (event) => {
  fingers.delete(event.pointerId);
  pinch = null;
  if (!fingers.size) stroke = null;
  if (event.pointerType === 'touch') brush.hidden = true;
};
canvas.addEventListener('pointerup', lifted);
canvas.addEventListener('pointercancel', lifted);
canvas.addEventListener('pointerleave', () => { if (document.activeElement !== canvas) brush.hidden = true; });
const pinched = () => {
  const [one, other] = [...fingers.values()];
  const box = stage.getBoundingClientRect();
  const now = {
    apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
    x: (one.clientX + other.clientX) / 2 - box.left,
    y: (one.clientY + other.clientY) / 2 - box.top,
  };
  if (pinch) {
    stage.scrollLeft -= now.x - pinch.x;
    stage.scrollTop -= now.y - pinch.y;
    scale(zoom * (now.apart / pinch.apart), now.x, now.y);
  }
  pinch = now;
};
stage.addEventListener('wheel', (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  scale(zoom * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let held = null; // a stroke of the keyboard, as long as the space bar is down
canvas.addEventListener('keydown', (event) => {
  const step = event.shiftKey ? 0.05 : 0.01;
  const way = ARROWS[event.key];
  const here = () => [at.x * canvas.width, at.y * canvas.height];
  if (way) {
    at = {
      x: Math.min(1, Math.max(0, at.x + way[0] * step)),
      y: Math.min(1, Math.max(0, at.y + way[1] * step)),
    };
    if (held) { held.points.push(here()); paint(held, held.points.length - 1); }
    brush.hidden = false;
    show();
    brush.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  } else if (event.key === ' ' && !event.repeat) {
    held = { keep: chosen('review-tool') === 'keep', radius: radius(), points: [here()] };
    put(held);
  } else if (event.key === 'x' || event.key === 'X') {
    element.querySelector('[name="review-tool"]:not(:checked)').click();
  } else if (event.key === '[' || event.key === ']') {
    named('size').value = Number(named('size').value) + (event.key === ']' ? 5 : -5);
    show();
  } else if (event.key !== ' ') return;
  event.preventDefault();
});
canvas.addEventListener('keyup', (event) => { if (event.key === ' ') held = null; });
canvas.addEventListener('focus', () => { brush.hidden = !canvas.matches(':focus-visible'); show(); });
canvas.addEventListener('blur', () => { held = null; brush.hidden = true; });
dialog.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'z' && strokes.length) {
    event.preventDefault();
    named('back').click();
  }
});

element.addEventListener('input', (event) => {
  if (event.target.name === 'review-view') sheet.classList.toggle('alone', event.target.value === 'alone');
  show();
});
const does = {
  in: () => scale(zoom * 1.5),
  out: () => scale(zoom / 1.5),
  fit: () => scale(1),
  back: () => { strokes.pop(); redraw(); },
  whole: () => put({ whole: true }),
  none: () => put({ whole: false }),
  box: () => {
    const [left, top, right, bottom] = ['left', 'top', 'right', 'bottom']
      .map((side) => Math.min(100, Math.max(0, Number(named(side).value))) / 100);
    const wide = canvas.width, high = canvas.height;
    put({ box: [left * wide, top * high, (right - left) * wide, (bottom - top) * high] });
  },
};
const mask = () => {
  const white = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
  const pen = white.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, white.width, white.height);
  pen.drawImage(canvas, 0, 0); // black where it is removed
  return white.toDataURL('image/png');
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (does[button.name]) does[button.name]();
  if (button.matches('.apply')) trigger('act', { do: 'matte', campaign, mask: mask() });
  if (button.matches('.close, .apply, .automatic')) dialog.close();
});
document.addEventListener('click', async (event) => {
  const from = event.target.closest?.('[data-open="matte"]');
  if (!from || !element.isConnected) return;
  campaign = from.closest('[data-campaign]').dataset.campaign;
  const [image, whole] = await Promise.all([loaded(from.dataset.cutout), loaded(from.dataset.photo)]);
  sheet.classList.toggle('dark', dark(whole));
  photo.src = from.dataset.photo;
  canvas.width = Number(from.dataset.width);
  canvas.height = Number(from.dataset.height);
  start = { image, box: from.dataset.box.split(',').map(Number) };
  strokes = [];
  at = { x: 0.5, y: 0.5 };
  element.querySelector('.automatic').hidden = !from.dataset.corrected;
  dialog.showModal();
  redraw();
  zoom = 1;
  scale(1);
  canvas.focus();
});
new ResizeObserver(() => { if (dialog.open) scale(zoom); }).observe(stage);
