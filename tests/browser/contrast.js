// Two halves of one measurement. `texts` runs in the page and says where words stand and in which
// colour; `judge` runs in an empty page, is given a picture of the page without its words, and says
// how far each stands out from what is really behind it (WCAG 2), whatever made that.
const texts = () => {
  const found = [];
  const seen = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.visibility === 'hidden' || Number(style.opacity) < 0.99 || style.clipPath !== 'none' || at.matches(':disabled, [aria-disabled="true"], .unseen')) return false;
    }
    return true;
  };
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest('script, style, title, .rising') || !seen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    for (const box of range.getClientRects()) {
      const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      // What is scrolled away or covered is not read there.
      const label = element.closest('label');
      if (box.width < 2 || !at || !(element.contains(at) || at.contains(element) || (label && at.closest('label') === label))) continue;
      if (box.right < 0 || box.bottom < 0 || box.left > innerWidth || box.top > innerHeight) continue;
      found.push({ text: node.textContent.trim().slice(0, 40), color: style.color, large, x: box.left, y: box.top, width: box.width, height: box.height });
    }
  }
  return found;
};

const judge = async (picture, found, scale) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const one = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    one.clearRect(0, 0, 1, 1);
    one.fillStyle = color;
    one.fillRect(0, 0, 1, 1);
    return one.getImageData(0, 0, 1, 1).data;
  };
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (r, g, b) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return found.map(({ text, color, large, x, y, width, height }) => {
    const [r, g, b] = rgba(color);
    const words = luminance(r, g, b);
    const left = Math.max(0, Math.floor(x * scale));
    const top = Math.max(0, Math.floor(y * scale));
    const wide = Math.min(image.width - left, Math.ceil(width * scale));
    const high = Math.min(image.height - top, Math.ceil(height * scale));
    if (wide < 1 || high < 1) return { text, ratio: 21, least: 0 };
    const { data } = context.getImageData(left, top, wide, high);
    const ratios = [];
    for (let at = 0; at < data.length; at += 4) {
      const [low, bright] = [luminance(data[at], data[at + 1], data[at + 2]), words].sort((a, b) => a - b);
      ratios.push((bright + 0.05) / (low + 0.05));
    }
    ratios.sort((a, b) => a - b);
    // A line or a dot may cross the box; a twentieth of it is not what words stand on.
    return { text, color, ratio: ratios[Math.floor(ratios.length / 20)], least: large ? 3 : 4.5 };
  });
};
