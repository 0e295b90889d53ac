/** Strips as pixels: one row of an image for each, drawn as high as its lane. However many spans they stand for, they cost the same. */

/** The colour of a strip, by what it is made of. @type {Record<string, import("./look.js").Colour>} */
const COLOURS = {
  heat: "isr",
  bar: "isr",
  dashes: "isr",
  outline: "irr",
  crossing: "cost",
  arrow: "fly",
  glyph: "ink",
  wave: "ink",
};
/** Strips under others, which would hide them: what lies behind is paler. @type {Record<string, number>} */
const STRENGTH = { hatching: 0.25, stripes: 0.2, box: 0.4, dashes: 0.45, arrow: 0.8, glyph: 0.9 };
/** What somebody does not look for. */
const FAINT = 0.3;
const ORDER = ["stripes", "hatching", "box", "dots", "dashes", "bar", "outline"];
/** Whatever happened at all is seen. */
const LEAST = 0.22;
/** Fewer can be counted by eye. */
const WORTH_SAYING = 30;

/** What was painted last, a row per strip: rows that are the same are not painted again. */
const painted = {
  image: /** @type {OffscreenCanvas | null} */ (null),
  look: /** @type {import("./look.js").Look | null} */ (null),
  rows: /** @type {Float32Array[]} */ ([]),
};

/**
 * @param {CanvasRenderingContext2D} on
 * @param {import("./look.js").Look} look
 * @param {import("./scene.js").Scene} scene
 * @param {(spans: number) => string} here
 */
export function paintStrips(on, look, scene, here) {
  const strips = [...scene.strips].sort((a, b) => orderOf(a) - orderOf(b));
  const [first] = strips;
  if (!first) return;
  const image = imageFor(first.shares.length, strips.length, look);
  strips.forEach((strip, row) => {
    paintRow(image, row, strip, look);
  });
  on.imageSmoothingEnabled = false;
  const { left, width } = scene.scale;
  for (const [row, { x, y, height, shares, faint }] of strips.entries()) {
    on.globalAlpha = faint ? FAINT : 1;
    on.drawImage(image, left - x, row, Math.min(width, shares.length), 1, left, y, width, height);
  }
  on.globalAlpha = 1;
  on.imageSmoothingEnabled = true;
  writeCounts(on, look, scene, strips, here);
}

/** What is found lies over all that is not. @param {import("./scene.js").Strip} strip */
const orderOf = ({ style, found }) => ORDER.indexOf(style) + (found ? ORDER.length + 1 : 0);

/** @param {number} width @param {number} rows @param {import("./look.js").Look} look */
function imageFor(width, rows, look) {
  const { image } = painted;
  if (image && image.width === width && image.height >= rows && painted.look === look) return image;
  const made = new OffscreenCanvas(width, rows + 8);
  Object.assign(painted, { image: made, look, rows: [] });
  return made;
}

/** @param {OffscreenCanvas} image @param {number} row @param {import("./scene.js").Strip} strip @param {import("./look.js").Look} look */
function paintRow(image, row, { style, shares }, look) {
  if (painted.rows[row] === shares) return;
  painted.rows[row] = shares;
  const pixels = new ImageData(shares.length, 1);
  const { data } = pixels;
  const [red, green, blue] = look.channels[COLOURS[style] ?? "edge"];
  const strength = (STRENGTH[style] ?? 1) * 255;
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at] ?? 0;
    if (share <= 0) continue;
    const to = at * 4;
    data[to] = red;
    data[to + 1] = green;
    data[to + 2] = blue;
    data[to + 3] = (LEAST + (1 - LEAST) * Math.min(1, share)) * strength;
  }
  image.getContext("2d")?.putImageData(pixels, 0, row);
}

/** A dense lane says how many spans it stands for. @param {CanvasRenderingContext2D} on @param {import("./look.js").Look} look @param {import("./scene.js").Scene} scene @param {import("./scene.js").Strip[]} strips @param {(spans: number) => string} here */
function writeCounts(on, look, scene, strips, here) {
  for (const lane of scene.lanes) {
    if (lane.sort !== "cpu" || lane.height < look.font * 2) continue;
    const own = strips.filter(
      ({ y, lanes, faint }) => !faint && y >= lane.y && y < lane.y + lane.height && lanes.length === 1,
    );
    const most = own.reduce((best, strip) => (strip.spans > (best?.spans ?? 0) ? strip : best), own[0]);
    if (!most?.at || (most.here ?? most.spans) < WORTH_SAYING) continue;
    const said = here(most.here ?? most.spans);
    on.font = `600 ${look.font}px ${look.mono}`;
    const width = said.length * look.font * 0.602 + 10;
    const y = lane.y + lane.height - look.font * 0.95;
    on.fillStyle = look.colours.panel;
    on.beginPath();
    on.roundRect(most.at - width / 2, y - look.font * 0.7, width, look.font * 1.4, 3);
    on.fill();
    on.textAlign = "center";
    on.fillStyle = look.colours.ink;
    on.fillText(said, most.at, y + 0.5);
  }
}
