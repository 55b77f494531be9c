// @ts-check
// Between the tabs of one browser: somebody has signed in. The room that they signed in from goes on
// in its own tab, and the tab that the mail opened has nothing more to do.

const NAME = 'stereo.sign-in';
/** How long a tab may take to say that it goes on with it, in milliseconds. */
const ANSWER_MS = 700;

const open = () => ('BroadcastChannel' in globalThis ? new BroadcastChannel(NAME) : null);

/** Tells the other tabs. @returns {Promise<boolean>} whether one of them goes on from here */
export function tellTabs() {
  const channel = open();
  if (!channel) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (/** @type {boolean} */ taken) => {
      channel.close();
      clearTimeout(patience);
      resolve(taken);
    };
    const patience = setTimeout(() => done(false), ANSWER_MS);
    channel.onmessage = ({ data }) => data === 'taken' && done(true);
    channel.postMessage('signed in');
  });
}

/** @param {() => boolean} take whether this tab goes on with it @returns {() => void} */
export function onSignedIn(take) {
  const channel = open();
  if (!channel) return () => {};
  channel.onmessage = ({ data }) => data === 'signed in' && take() && channel.postMessage('taken');
  return () => channel.close();
}
