// Uploads photos and shows what the server made of them; the value is a list of {path, shown, name}.
const root = element.querySelector('.photos'), words = root.dataset;
const input = element.querySelector('input[type=file]');
const cards = element.querySelector('.photos-cards'), said = element.querySelector('.photos-said');
const drop = element.querySelector('.photos-drop');

const photos = () => props.value || [];
const made = (tag, more) => Object.assign(document.createElement(tag), more);
const draw = () => {
  root.dataset.at = ['empty', 'one'][photos().length] || 'many';
  cards.replaceChildren(...photos().map((photo, place) => {
    const card = made('li', { className: 'photos-card' });
    const picture = made('img', { src: photo.shown, alt: photo.name });
    const remove = made('button', { type: 'button', textContent: '×', title: words.remove });
    remove.setAttribute('aria-label', `${words.remove} ${photo.name}`);
    remove.addEventListener('click', () => {
      props.value = photos().filter((_, other) => other !== place);
      draw();
      input.focus();
    });
    const name = made('input', { type: 'text', value: photo.name, placeholder: words.name, maxLength: 120 });
    name.setAttribute('aria-label', `${words.name} ${place + 1}`);
    name.addEventListener('input', () => {
      props.value = photos().map((each, other) => other === place ? { ...each, name: name.value } : each);
    });
    card.append(picture, remove, name);
    return card;
  }));
};
const send = async (files) => {
  const room = Number(words.most) - photos().length;
  if (!files.length) return;
  said.textContent = words.busy;
  root.toggleAttribute('data-busy-now', true);
  const sent = [], wrong = [];
  for (const file of files.slice(0, room)) {
    try {
      sent.push({ path: (await upload(file)).path, name: file.name });
    } catch (error) {
      const large = /size|large/i.test(String(error && error.message || error));
      wrong.push(`${file.name}: ${large ? words.large : words.lost}`);
    }
  }
  if (files.length > room) wrong.push(words.many);
  root.removeAttribute('data-busy-now');
  said.textContent = wrong.join(' ');
  said.classList.toggle('photos-wrong', wrong.length > 0);
  if (sent.length) trigger('dropped', { photos: sent });
};
input.addEventListener('change', () => { send([...input.files]); input.value = ''; });
for (const kind of ['dragenter', 'dragover']) root.addEventListener(kind, (event) => {
  event.preventDefault();
  root.toggleAttribute('data-over', true);
});
for (const kind of ['dragleave', 'drop']) root.addEventListener(kind, () => root.removeAttribute('data-over'));
root.addEventListener('drop', (event) => {
  event.preventDefault();
  send([...event.dataTransfer.files]);
});
watch('value', draw);
draw();
