// The sentence and the tags, changed where they stand; kept while the board is drawn anew.
const form = () => element.querySelector('form');
const text = () => element.querySelector('#review-caption');
const hidden = () => element.querySelector('#review-tags');
const tidy = (value) => value.normalize('NFC').split(/\s+/).filter(Boolean).join(' ');
let campaign = '';
let typed = null; // the sentence and the tags, where they differ from what is saved

const words = () => JSON.parse(hidden().value || '[]');
const chips = () => {
  const list = element.querySelector('.review-tags ul');
  list.replaceChildren(...words().map((word) => {
    const item = document.createElement('li');
    const remove = document.createElement('button');
    const label = document.createElement('span');
    label.textContent = word;
    label.dir = 'auto';
    remove.type = 'button';
    remove.className = 'untag';
    remove.textContent = '×';
    remove.setAttribute('aria-label', `${list.dataset.remove} ${word}`);
    item.append(label, remove);
    return item;
  }));
};
const grow = () => {
  text().style.height = 'auto';
  if (text().scrollHeight) text().style.height = `${text().scrollHeight}px`;
};
const look = () => {
  const changed = tidy(text().value) !== tidy(text().defaultValue)
    || JSON.stringify(words()) !== JSON.stringify(JSON.parse(hidden().defaultValue || '[]'));
  element.querySelector('.review-save').hidden = !changed;
  typed = changed ? { text: text().value, words: hidden().value } : null;
};
const set = (list) => {
  hidden().value = JSON.stringify([...new Set(list)]);
  chips();
  look();
};
const add = () => {
  const at = element.querySelector('#review-tag');
  const more = at.value.split(/[,，、;；]/).map(tidy).filter(Boolean);
  at.value = '';
  if (more.length) set([...words(), ...more]);
  return more.length;
};
const drawn = () => {
  if (!form()) return;
  const now = element.querySelector('section').dataset.campaign;
  if (now !== campaign) typed = null;
  campaign = now;
  const text_ = typed ? typed.text : text().defaultValue;
  if (text().value !== text_) text().value = text_;
  hidden().value = typed ? typed.words : hidden().defaultValue;
  chips();
  look();
  grow();
};

element.addEventListener('input', (event) => {
  if (event.target !== text()) return;
  grow();
  look();
});
element.addEventListener('keydown', (event) => {
  if (event.isComposing) return; // an input method's own Enter
  const tag = event.target.id === 'review-tag';
  if (event.key === 'Enter' && (tag || event.target === text())) {
    event.preventDefault();
    if (!(tag && add()) && typed) form().requestSubmit();
  }
  if (tag && event.key === ',') {
    event.preventDefault();
    add();
  }
  if (tag && event.key === 'Backspace' && !event.target.value) set(words().slice(0, -1));
  if (event.key === 'Escape') form().reset();
});
element.addEventListener('focusout', (event) => {
  if (event.target.id === 'review-tag') add();
});
element.addEventListener('reset', () => {
  setTimeout(() => {
    hidden().value = hidden().defaultValue;
    chips();
    grow();
    look();
  });
});
element.addEventListener('click', (event) => {
  const at = event.target.closest('.untag');
  if (!at) return;
  const place = [...at.closest('ul').children].indexOf(at.parentElement);
  set(words().filter((_, each) => each !== place));
  const left = element.querySelectorAll('.untag');
  (left[Math.min(place, left.length - 1)] ?? element.querySelector('#review-tag')).focus();
});
new ResizeObserver(() => form() && grow()).observe(element);
watch('value', drawn);
drawn();
document.fonts.addEventListener('loadingdone', () => text() && grow());
