// What the page's import map does, for node: `import … from 'stereo'` is the SDK.
const SDK = new URL('../../../../protocol/js/src/stereo.js', import.meta.url).href;

/** @param {string} specifier @param {object} context @param {Function} next */
export async function resolve(specifier, context, next) {
  return specifier === 'stereo' ? { url: SDK, shortCircuit: true } : next(specifier, context);
}
