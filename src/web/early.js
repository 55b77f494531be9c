// @ts-check
// Runs before the first paint and does one thing: it puts the chosen theme and language on <html>,
// so that nothing flashes. Everything else belongs in app.js.
(() => {
  try {
    const kept = JSON.parse(localStorage.getItem('stereo.preferences') ?? '{}');
    const root = document.documentElement;
    if (kept.theme === 'dark' || kept.theme === 'light') root.dataset.theme = kept.theme;
    if (typeof kept.language === 'string') root.lang = kept.language;
  } catch {
    // Storage may be refused or hold something else; the defaults are fine.
  }
})();
