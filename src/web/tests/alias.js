// What the page's import map does, for node.
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../index.html', import.meta.url), 'utf8');
const { imports } = JSON.parse(page.split('<script type="importmap">')[1].split('</script>')[0]);
/** Where the server has what it serves. */
const FOLDERS = { '/assets/': new URL('../', import.meta.url), '/protocol/': new URL('../../../protocol/js/src/', import.meta.url) };

/** @param {string} specifier @param {object} context @param {Function} next */
export async function resolve(specifier, context, next) {
  const path = imports[specifier];
  const served = path && Object.keys(FOLDERS).find((folder) => path.startsWith(folder));
  return served ? { url: new URL(path.slice(served.length), FOLDERS[served]).href, shortCircuit: true } : next(specifier, context);
}
