/** The only caller of requestAnimationFrame: however many messages arrive, the page is drawn at most once a frame. */

/**
 * @param {(now: number) => boolean} draw answers whether something is still moving by itself
 * @param {(callback: (now: number) => void) => unknown} [nextFrame]
 */
export function createFrame(draw, nextFrame = (callback) => requestAnimationFrame(callback)) {
  let asked = false;

  const ask = () => {
    if (asked) return;
    asked = true;
    nextFrame(run);
  };

  /** @param {number} now */
  const run = (now) => {
    asked = false;
    if (draw(now)) ask();
  };

  return { ask };
}
