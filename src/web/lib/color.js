// @ts-check
// The room's light: the warm accent, turned towards the artwork's own colour, always readable.
// Worked out in OKLCH (Björn Ottosson's OKLab), because there lightness means what the eye sees.

/** @typedef {{ l: number, c: number, h: number }} Lch lightness 0–1, chroma, hue in degrees */

const WARM = 66;
/** What words in the accent stand on, as app.css has it: the ground, what is raised, what is lifted. */
export const GROUNDS = { dark: ['#14121a', '#1d1a25', '#282433'], light: ['#f6f1e7', '#fffaf0', '#ece4d5'] };
/** The words on `fill`, as app.css has it. */
export const ON_FILL = '#1c1408';
/** Somewhat above AA (4.5), for the tints that lie under words here and there. */
const READABLE = 5.2;

/** @param {number} v sRGB 0–1 to linear */
const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
/** @param {number} v linear to sRGB 0–1 */
const gamma = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

/** @param {string} hex @returns {[number, number, number]} linear light */
function parse(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [linear((value >> 16) / 255), linear(((value >> 8) & 255) / 255), linear((value & 255) / 255)];
}

/** @param {string} hex @returns {Lch} */
export function toLch(hex) {
  const [r, g, b] = parse(hex);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const bb = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  const h = ((Math.atan2(bb, a) * 180) / Math.PI + 360) % 360;
  return { l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, c: Math.hypot(a, bb), h };
}

/** @param {Lch} colour @returns {[number, number, number]} linear light, may lie outside sRGB */
function toLinear({ l, c, h }) {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const x = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const y = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const z = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ];
}

/** Less chroma until the screen can show it. @param {Lch} colour */
export function toHex({ l, c, h }) {
  let chroma = c;
  let rgb = toLinear({ l, c: chroma, h });
  while (chroma > 0 && rgb.some((v) => v < -0.0005 || v > 1.0005)) {
    chroma -= 0.005;
    rgb = toLinear({ l, c: Math.max(0, chroma), h });
  }
  const byte = (/** @type {number} */ v) => Math.round(gamma(Math.min(1, Math.max(0, v))) * 255);
  return `#${rgb.map((v) => byte(v).toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG 2 contrast ratio. @param {string} one @param {string} other */
export function contrast(one, other) {
  const luminance = (/** @type {string} */ hex) => {
    const [r, g, b] = parse(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The hue of warm light leaning towards `hue`: between coral and gold, not into olive, nor into the red of a fault. @param {number} hue */
function lean(hue) {
  const away = ((hue - WARM + 540) % 360) - 180;
  return WARM + Math.max(-24, Math.min(18, away));
}

/** As light or dark as it must be to be read on all of `grounds`. @param {Lch} colour @param {string[]} grounds @param {number} step */
function readable(colour, grounds, step) {
  const found = { ...colour };
  while (grounds.some((ground) => contrast(toHex(found), ground) < READABLE) && found.l > 0 && found.l < 1) found.l += step;
  return toHex(found);
}

/**
 * The colours of the room for an artwork colour: `accent` is for words and lines, `fill` for what is
 * pressed and carries dark words, `lamp` for light.
 * @param {string | null | undefined} art `#rrggbb`
 * @param {boolean} light
 */
export function roomLight(art, light) {
  const known = art && /^#[0-9a-f]{6}$/i.test(art) ? toLch(art) : null;
  const tinted = known && known.c > 0.03 ? known : null;
  const h = tinted ? lean(tinted.h) : WARM;
  // Towards coral a colour is deep rather than pale.
  const deep = Math.max(0, (WARM - h) / 24);
  const accent = light ? readable({ l: 0.5, c: 0.14, h }, GROUNDS.light, -0.01) : readable({ l: 0.82 - 0.08 * deep, c: 0.135 + 0.025 * deep, h }, GROUNDS.dark, 0.01);
  const fill = light ? readable({ l: 0.79 - 0.05 * deep, c: 0.145 + 0.015 * deep, h }, [ON_FILL], 0.01) : accent;
  const lamp = tinted ? { l: light ? 0.86 : 0.66, c: Math.min(0.14, tinted.c), h: tinted.h } : { l: light ? 0.88 : 0.7, c: 0.13, h: WARM };
  return { accent, fill, lamp: toHex(lamp) };
}
