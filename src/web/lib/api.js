// @ts-check
// The HTTP interface, and nothing else: JSON in, JSON out, problem documents as refusals.

/** @param {Response} response @param {any} body @returns {import('../types.js').Refusal} */
function refusal(response, body) {
  const fallback = response.status === 404 ? 'not_found' : response.status === 429 ? 'rate_limited' : 'unavailable';
  return { kind: body?.kind ?? fallback, message: body?.detail ?? body?.title, ...pickFrom(body) };
}

/** @param {any} body */
function pickFrom(body) {
  return { field: body?.field ?? null, reference: body?.reference ?? null, retry_after_ms: body?.retry_after_ms, left: body?.left ?? null };
}

/** @param {string} path @param {RequestInit} [init] */
export async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch {
    throw { kind: 'unavailable' };
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response, body);
  return body;
}

/** Changes something. @param {string} method @param {string} path @param {object} [wish] */
export const change = (method, path, wish) =>
  ask(path, wish === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) });

/** @param {object} wish @returns {Promise<{ room: { id: string }, token: string | null }>} the token is a guest's */
export const openRoom = (wish) => change('POST', '/api/rooms', wish);

/** @param {string} query @returns {Promise<import('../types.js').ListedRoom[]>} */
export const publicRooms = async (query) =>
  (await ask(`/api/rooms?query=${encodeURIComponent(query)}&page=1`))?.rooms ?? [];

/** What a visitor may know of a room before coming in. @param {string} id */
export const glance = async (id) => {
  const body = await ask(`/api/rooms/${encodeURIComponent(id)}`);
  return body?.room ? { ...body, ...body.room } : body;
};

/** @param {string} query @param {AbortSignal} [signal] @returns {Promise<import('../types.js').Track[]>} */
export const library = async (query, signal) =>
  (await ask(`/api/tracks?query=${encodeURIComponent(query)}`, { signal }))?.tracks ?? [];
