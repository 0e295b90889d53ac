// What is wrong with how a page lies in its window. `layout.py` sends all of this to a page and calls one of the functions.

const style = (one) => getComputedStyle(one);
const clips = (one, axis) => ["hidden", "clip"].includes(style(one)[axis]);
const scrolls = (one, axis) => ["auto", "scroll"].includes(style(one)[axis]);
/** What is there for those who listen alone, or not at all. */
const unseen = (one) => {
  if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return true;
  if (one.closest(".unseen, .skips, .mosaic-probe")) return true;
  for (let up = one; up; up = up.parentElement) if (style(up).clipPath === "inset(50%)") return true;
  return false;
};
const classesOf = (one) => String(one.className?.baseVal ?? one.className ?? "").trim().split(/\s+/).join(".");
const nameOf = (one) => {
  if (one.id) return `#${one.id}`;
  const classes = classesOf(one);
  if (classes) return `${one.tagName.toLowerCase()}.${classes}`;
  return one.parentElement ? `${nameOf(one.parentElement)} > ${one.tagName.toLowerCase()}` : one.tagName.toLowerCase();
};
const named = (one) => {
  const says = (one.getAttribute("aria-label") ?? one.textContent ?? "").trim().replaceAll(/\s+/g, " ");
  return `${nameOf(one)} “${says.slice(0, 30)}”`;
};
/** The part of its box that nothing around it clips; null where that is nothing. */
const visiblePart = (one) => {
  let { left, top, right, bottom } = one.getBoundingClientRect();
  let { position } = style(one);
  for (let up = one.parentElement; up && position !== "fixed"; up = up.parentElement) {
    if (position === "absolute" && style(up).position === "static") continue;
    const box = up.getBoundingClientRect();
    if (style(up).overflowX !== "visible") [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (style(up).overflowY !== "visible") [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    position = style(up).position;
  }
  return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
};
/** What it stays in the window with while the page scrolls, or lies over the page with; null where it is part of the page. */
const layerOf = (one) => {
  for (let up = one; up; up = up.parentElement)
    if (["fixed", "sticky"].includes(style(up).position) || up.matches(":popover-open, dialog[open]")) return up;
  return null;
};

/** Texts of which some letters are neither seen nor to be scrolled to, and no ellipsis says that there is more. */
function cutTexts() {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentElement;
    if (!text.data.trim() || parent.closest("script, style, template, noscript, option, svg")) continue;
    if (unseen(parent) || style(parent).color === "rgba(0, 0, 0, 0)") continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (box.width < 1) continue;
    let [across, down, ellipsis] = [true, true, false];
    for (let up = parent; up && up !== document.body && (across || down); up = up.parentElement) {
      const own = style(up);
      ellipsis ||= own.textOverflow === "ellipsis" || own.webkitLineClamp !== "none";
      const edge = up.getBoundingClientRect();
      if (scrolls(up, "overflowX")) across = false;
      if (scrolls(up, "overflowY")) down = false;
      const wide = across && clips(up, "overflowX") && (box.right > edge.right + 1.5 || box.left < edge.left - 1.5);
      const high = down && clips(up, "overflowY") && (box.bottom > edge.bottom + 3.5 || box.top < edge.top - 3.5);
      if ((wide || high) && !ellipsis) {
        found.push(`${named(parent)} is cut by ${nameOf(up)}`);
        break;
      }
      if (own.position === "fixed") break;
    }
  }
  return found;
}

const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=slider]";

/** Pairs of controls of which one lies on the other. */
function overlaps() {
  const found = [];
  const controls = [...document.querySelectorAll(CONTROLS)]
    .map((one) => (one.matches("input[type=radio]") ? (one.closest("label") ?? one) : one))
    .filter((one) => !unseen(one))
    .map((one) => ({ one, box: visiblePart(one), layer: layerOf(one) }))
    .filter(({ box }) => box !== null);
  controls.forEach(({ one, box, layer }, at) => {
    for (const other of controls.slice(at + 1)) {
      if (other.layer !== layer || one.contains(other.one) || other.one.contains(one)) continue;
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (across > 2 && down > 2) found.push(`${named(one)} and ${named(other.one)} overlap`);
    }
  });
  return found;
}

/** Sentences about a page that reaches beyond its window, text that is cut, and controls that lie on one another. */
function flaws() {
  const { scrollWidth, clientWidth } = document.scrollingElement;
  const beyond = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide in ${clientWidth}`] : [];
  return [...new Set([...beyond, ...cutTexts(), ...overlaps()])];
}

/** The share of the window's height that stays while the rest scrolls. */
function stays() {
  const lines = new Set();
  for (const one of document.body.querySelectorAll("*")) {
    const { position } = style(one);
    if (!["fixed", "sticky"].includes(position) || unseen(one) || one.matches("[popover], .lens")) continue;
    let scroller = one.parentElement;
    while (scroller && position === "sticky" && !scrolls(scroller, "overflowY")) scroller = scroller.parentElement;
    if (position === "sticky" && scroller && scroller !== document.scrollingElement) continue;
    const box = one.getBoundingClientRect();
    if (box.width < innerWidth / 2) continue;
    for (let y = Math.max(0, Math.ceil(box.top)); y < Math.min(innerHeight, box.bottom); y++) lines.add(y);
  }
  return lines.size / innerHeight;
}

/** Notes from now on, and since the page was loaded, what moves without anybody's pressing anything; in `window.movers`. */
function watchShifts() {
  window.movers = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput)
        for (const { node, previousRect: from, currentRect: to } of entry.sources) {
          const one = node instanceof Element ? node : node?.parentElement;
          // A shelf that is used for the first time grows at once, which is seen as the chip that comes: it shrinks late.
          // And the end of a name that is cut in its middle follows the beginning.
          if (one?.closest(".shelves, .long-name")) continue;
          const what = one ? nameOf(one) : "what is gone";
          const [x, y, width, height] = ["x", "y", "width", "height"].map((side) => Math.round(to[side] - from[side]));
          if (x === 0 && y === 0) continue;
          window.movers.push(`${what} by ${x}, ${y}, grown by ${width}, ${height}`);
        }
  }).observe({ type: "layout-shift", buffered: true });
}

/** Names of those whose box is another in more than two frames on end, of forty. */
function strobing() {
  const all = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility());
  const [boxes, runs, found] = [new Map(), new Map(), new Set()];
  let frames = 0;
  return new Promise((done) => {
    const look = () => {
      for (const one of all) {
        const { x, y, width, height } = one.getBoundingClientRect();
        const now = [x, y, width, height].join();
        const run = boxes.has(one) && boxes.get(one) !== now ? (runs.get(one) ?? 0) + 1 : 0;
        boxes.set(one, now);
        runs.set(one, run);
        if (run > 2) found.add(nameOf(one));
      }
      if (++frames < 40) requestAnimationFrame(look);
      else done([...found]);
    };
    requestAnimationFrame(look);
  });
}

/** Notes in `window.controls` what a pointer can be over; how many there are. */
function noteControls() {
  window.controls = [...document.querySelectorAll(`${CONTROLS}, [data-says], .shelf`)].filter(
    (one) => !unseen(one) && visiblePart(one),
  );
  return window.controls.length;
}
