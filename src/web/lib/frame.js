// @ts-check
// A slow heartbeat for what follows the music: some fifteen times a second while the page is seen.
import { useEffect, useRef } from 'preact/hooks';

const EVERY = 66;

/** Calls `draw` on the beat while the component is there. @param {() => void} draw */
export function useFrames(draw) {
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    let frame = 0;
    let last = 0;
    const beat = (/** @type {number} */ now) => {
      if (now - last >= EVERY) {
        last = now;
        latest.current();
      }
      frame = requestAnimationFrame(beat);
    };
    frame = requestAnimationFrame(beat);
    return () => cancelAnimationFrame(frame);
  }, []);
}
