// The gallery: a press on a poster opens the large view, and what was made anew is shown briefly.
const told = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const stamps = () => {
  const at = element.querySelector('[data-campaign]');
  const all = [...element.querySelectorAll('[data-poster][data-stamp]')];
  return [at?.dataset.campaign, new Map(all.map((one) => [one.dataset.poster, one.dataset.stamp]))];
};
let [campaign, before] = stamps();
element.addEventListener('click', (event) => {
  const at = event.target.closest('[data-open]');
  if (at) told('posters:open', at.dataset.open);
  if (event.target.closest('[data-styles]')) told('posters:styles');
});
// By what is there, not by `watch`, which may be told before the gallery is drawn.
new MutationObserver(() => {
  const [now, after] = stamps();
  if (now === campaign) {
    for (const one of element.querySelectorAll('[data-poster][data-stamp]')) {
      const was = before.get(one.dataset.poster);
      if (was && was !== one.dataset.stamp) one.classList.add('posters-new');
    }
  }
  [campaign, before] = [now, after];
  told('posters:drawn');
}).observe(element, { childList: true, subtree: true, attributeFilter: ['data-html', 'data-stamp', 'data-campaign'] });
