// @ts-check
// Where a moved item goes, as the wire says it: after which item. Positions never leave this file.

/**
 * What `item` stands behind when it takes the place `to` (0 first) in the queue; null is the front.
 * @param {readonly { id: string }[]} queue
 * @param {string} item
 * @param {number} to
 */
export function afterFor(queue, item, to) {
  const rest = queue.filter((one) => one.id !== item);
  const place = Math.max(0, Math.min(rest.length, to));
  return place === 0 ? null : rest[place - 1].id;
}
