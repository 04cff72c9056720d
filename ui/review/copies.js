// Texts being changed: what is typed stays until it is saved, even where the board is drawn anew.
const drafts = new Map(); // by form, each field as it is typed
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const columns = (text) => [...text].reduce((sum, each) => sum + (WIDE.test(each) ? 2 : 1), 0);
const tidy = (text) => text.normalize('NFC').split(/\s+/).filter(Boolean).join(' ');
const tags = (text) => [...new Set(tidy(text).split(' ').map((each) => each.replace(/^[#＃]+/, '')))]
  .filter(Boolean).map((each) => `#${each}`).join(' ');
const plain = (name, text) => (name === 'hashtags' ? tags(text) : tidy(text));
const fields = (form) => [...form.querySelectorAll('textarea')];
const values = (form) => Object.fromEntries(fields(form).map((at) => [at.name, plain(at.name, at.value)]));
const given = (form) => Object.fromEntries(fields(form).map((at) => [at.name, plain(at.name, at.defaultValue)]));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
let campaign = '';
let all = false; // whether every card is shown
const open = new Map(); // by its id, whether a card's parts are shown

const grow = (at) => {
  at.style.height = 'auto';
  if (at.scrollHeight) at.style.height = `${at.scrollHeight}px`;
};
const count = (at) => {
  const note = at.parentElement.querySelector('.count');
  if (!note) return;
  const limits = at.dataset.limits.split(',').filter(Boolean).map(Number);
  const long = columns(tidy(at.value));
  const few = limits.filter((limit) => limit < long).length;
  const most = limits.at(-1) ?? 0;
  note.classList.toggle('longest', few > 0 && few === limits.length);
  const why = few === limits.length ? note.dataset.longest : note.dataset.long;
  const over = few ? ` · ${why.replace('{few}', few).replace('{all}', limits.length)}` : '';
  note.textContent = most ? `${long}/${most}${over}` : '';
};
const look = (form) => {
  const changed = !same(values(form), given(form));
  form.classList.toggle('changed', changed);
  form.querySelector('.review-save').hidden = !changed;
  if (changed) drafts.set(form.id, new Map(fields(form).map((at) => [at.name, at.value])));
  else drafts.delete(form.id);
};
const cut = () => {
  const more = element.querySelector('.review-more');
  if (!more) return;
  more.dataset.more ??= more.textContent;
  const hidden = [...element.querySelectorAll('.review-cards > li[data-late]')];
  for (const at of hidden) at.hidden = !all;
  more.textContent = all ? more.dataset.less : more.dataset.more;
  more.setAttribute('aria-expanded', String(all));
};
const drawn = () => {
  const now = element.querySelector('section')?.dataset.campaign ?? '';
  if (now !== campaign) {
    drafts.clear();
    open.clear();
    all = false;
    campaign = now;
  }
  for (const at of element.querySelectorAll('.review-cards > li[hidden]')) at.dataset.late = '';
  for (const form of element.querySelectorAll('form.review-card')) {
    const draft = drafts.get(form.id);
    const kept = draft && fields(form).some(
      (at) => plain(at.name, draft.get(at.name)) !== plain(at.name, at.defaultValue),
    );
    for (const at of fields(form)) {
      const text = kept ? draft.get(at.name) : at.defaultValue;
      if (at.value !== text) at.value = text; // else the cursor would move
    }
    if (kept) {
      form.parentElement.hidden = false;
      delete form.parentElement.dataset.late;
    }
    look(form);
    const why = form.querySelector('details');
    if (why && open.has(why.id)) why.open = open.get(why.id);
    fields(form).forEach(count);
  }
  cut();
  fields(element).forEach(grow);
};

element.addEventListener('input', (event) => {
  const form = event.target.closest('form.review-card');
  if (!form) return;
  grow(event.target);
  count(event.target);
  look(form);
});
element.addEventListener('keydown', (event) => {
  const form = event.target.matches('textarea') && event.target.closest('form.review-card');
  if (!form || event.isComposing) return; // an input method's own Enter
  if (event.key === 'Enter') {
    event.preventDefault();
    if (form.classList.contains('changed')) form.requestSubmit();
  }
  if (event.key === 'Escape') form.reset();
});
element.addEventListener('reset', (event) => {
  setTimeout(() => {
    fields(event.target).forEach((at) => { count(at); grow(at); });
    look(event.target);
  });
});
element.addEventListener('toggle', (event) => {
  if (event.target.matches('details')) open.set(event.target.id, event.target.open);
}, true);
element.addEventListener('click', async (event) => {
  const clip = event.target.closest('.clip');
  if (event.target.closest('.review-more')) {
    all = !all;
    cut();
    fields(element).forEach(grow);
  } else if (clip) {
    await clipped(clip.dataset.text);
    const label = clip.textContent;
    clip.textContent = clip.dataset.said;
    setTimeout(() => { clip.textContent = label; }, 1600);
  }
});
const clipped = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const at = Object.assign(document.createElement('textarea'), { value: text }); // plain http
  document.body.append(at);
  at.select();
  document.execCommand('copy');
  at.remove();
};
new ResizeObserver(() => fields(element).forEach(grow)).observe(element);
watch('value', drawn);
drawn();
// A font that arrives late breaks lines elsewhere.
document.fonts.addEventListener('loadingdone', () => element.querySelectorAll('textarea').forEach(grow));
