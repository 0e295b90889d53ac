/**
 * Which lanes there are, and where: lines of devices, CPUs, the hypervisor. The selected lane is tall and has a row for each
 * interrupt that waits or is served; where CPUs are too many for lanes, they fold into heat rows, and the
 * selected one has a lane above.
 *
 * @typedef {object} Lane
 * @property {"lines" | "cpu" | "heat" | "crossings"} sort
 * @property {number[]} cpus one; of a heat row and of the hypervisor all that it stands for
 * @property {string[]} lines names of lines, a row each
 * @property {number} lineRows rows for them: where they are fewer, the last is of several lines
 * @property {number} y
 * @property {number} height
 * @property {boolean} selected
 * @property {number} waiting rows at its head, for what waits
 * @property {number} waitingHeight of one of them
 * @property {number} stack rows at its foot, for what runs
 * @property {number} bar height of one of them
 *
 * @typedef {object} Wanted
 * @property {number} height of the whole score
 * @property {number} axis
 * @property {number} font the size of its labels
 * @property {number} cpus
 * @property {number} selected
 * @property {string[]} lines
 * @property {(cpu: number) => { waiting: number, stack: number }} depthOf how many rows a CPU has ever needed
 * @property {boolean} crosses whether anything has ever left the guest
 */

/** More CPUs than this are heat rows: sixteen CPUs are a cluster of x2APIC, too. */
export const MOST_LANES = 16;
const CLUSTER = 16;
/** How much taller the selected lane is. */
const TALLER = 3;
/** A lane is at least so high (pixels). */
const THIN = 9;
const PAD = 3;
/** A lane whose name can be read well is so high, in lines of its font. */
const READABLE = 1.1;
/** A lane that is not selected is no higher, in lines of its font. */
const MOST_LOW = 9;
const MOST_LINES = 5;
/** A line that can be named is so high, in lines of its font. */
const LINE_HEIGHT = 1.25;

/** @param {Wanted} wanted @returns {Lane[]} */
export function lanesOf(wanted) {
  const room = wanted.height - wanted.axis;
  const many = wanted.cpus > MOST_LANES;
  const { lines, crossing } = others(wanted, room, many);
  const rest = room - lines - crossing;
  const heat = many || rest / (wanted.cpus + TALLER - 1) < THIN;
  const lanes = lines > 0 ? [linesLane(wanted, lines)] : [];
  lanes.push(...(heat ? heatLanes(wanted, rest) : cpuLanes(wanted, rest)));
  if (crossing > 0) lanes.push(lane("crossings", { height: crossing, cpus: upTo(wanted.cpus) }));
  let y = wanted.axis;
  for (const one of lanes) {
    one.y = y;
    y += one.height;
  }
  return lanes;
}

/** Heights of what is no CPU. Where CPUs could not be read beside it, the hypervisor goes first, then the lines. @param {Wanted} wanted @param {number} room @param {boolean} many */
function others(wanted, room, many) {
  const [lines, crossing] = [heightOfLines(wanted, room), heightOfHypervisor(wanted, room, many)];
  const thinner = Math.min(crossing, Math.ceil(wanted.font * 1.3));
  const tries = [
    { lines, crossing },
    { lines, crossing: thinner },
    { lines, crossing: 0 },
    { lines: 0, crossing: 0 },
  ];
  const readable = wanted.font * READABLE * (wanted.cpus + TALLER - 1);
  const fits = tries.find((one) => room - one.lines - one.crossing >= readable);
  return fits ?? (many ? { lines, crossing } : { lines: 0, crossing: 0 });
}

/** @param {number} count */
const upTo = (count) => Array.from({ length: count }, (_, cpu) => cpu);

/** @param {Lane["sort"]} sort @param {Partial<Lane>} known @returns {Lane} */
const lane = (sort, known) => ({
  ...{ sort, cpus: [], lines: [], lineRows: 0, y: 0, height: 0, selected: false },
  ...{ waiting: 0, waitingHeight: 0, stack: 0, bar: 0 },
  ...known,
});

/** As many lines as can be named there have a row of their own. @param {Wanted} wanted @param {number} height */
function linesLane({ lines, font }, height) {
  const rows = Math.floor((height - PAD) / (font * LINE_HEIGHT) + 0.01);
  return lane("lines", { height, lines, lineRows: Math.max(1, Math.min(lines.length, rows)) });
}

/** @param {Wanted} wanted @param {number} room */
function heightOfLines({ lines, font }, room) {
  const one = font * LINE_HEIGHT;
  const rows = Math.min(lines.length, MOST_LINES, Math.max(1, Math.floor((room * 0.3 - PAD) / one)));
  return rows === 0 ? 0 : Math.ceil(rows * one + PAD);
}

/** @param {Wanted} wanted @param {number} room @param {boolean} many */
function heightOfHypervisor(wanted, room, many) {
  if (!wanted.crosses) return 0;
  const rows = many ? 3 : Math.max(wanted.cpus, 3);
  return Math.ceil(Math.min(wanted.font * 3.2, room * 0.25, Math.max(wanted.font * 1.6, rows * 4 + PAD * 2)));
}

/** The selected lane is as tall as what it has ever held needs, within bounds; the others share the rest. @param {Wanted} wanted @param {number} room */
function cpuLanes(wanted, room) {
  const { cpus, selected, font } = wanted;
  const unit = room / (cpus + (selected < cpus ? TALLER - 1 : 0));
  const { waiting, stack } = wanted.depthOf(selected);
  const needed = Math.min(waiting, 4) * font * 1.3 + Math.min(stack, 5) * font * 1.9 + font;
  const least = Math.floor(Math.min(Math.max(needed, unit * 1.5, font * 4.5), unit * TALLER, font * 16));
  const rest = selected < cpus ? (room - least) / Math.max(1, cpus - 1) : unit;
  const low = Math.floor(Math.min(rest, font * MOST_LOW));
  const tall = Math.floor(Math.max(least, Math.min(low * 1.6, room - low * (cpus - 1), font * 18)));
  return upTo(cpus).map((cpu) => cpuLane(wanted, cpu, cpu === selected ? tall : low));
}

/** @param {Wanted} wanted @param {number} cpu @param {number} height */
function cpuLane(wanted, cpu, height) {
  const selected = cpu === wanted.selected;
  return lane("cpu", {
    cpus: [cpu],
    height,
    selected,
    ...rowsOf(wanted, wanted.depthOf(cpu), height, selected),
  });
}

/** How a lane's height is shared by what waits and what runs. @param {Wanted} wanted @param {{ waiting: number, stack: number }} depth @param {number} height @param {boolean} selected */
function rowsOf(wanted, depth, height, selected) {
  const { font } = wanted;
  const inner = height - PAD - 1;
  if (inner < font * 1.9) {
    const waitingHeight = Math.max(3, Math.min(font * 0.62, inner * 0.42));
    return { waiting: 1, waitingHeight, stack: 1, bar: Math.max(3, inner - waitingHeight - 1) };
  }
  const stack = Math.max(1, Math.min(depth.stack, selected ? 5 : inner > font * 4 ? 2 : 1));
  const largest = Math.max(font * (selected ? 1.8 : 1.4), Math.min(font * 2.2, inner * 0.24));
  const bar = Math.max(3, Math.min(largest, (inner * 0.55) / stack - 2));
  const left = inner - stack * (bar + 2);
  const most = Math.max(1, Math.floor(left / (font * 0.5 + 3)));
  const waiting = Math.max(1, Math.min(depth.waiting, selected ? 4 : 2, most));
  return {
    waiting,
    waitingHeight: Math.max(3, Math.min(font * (inner > font * 4 ? 1.05 : 0.86), left / waiting - 3)),
    stack,
    bar,
  };
}

/** @param {Wanted} wanted @param {number} room */
function heatLanes(wanted, room) {
  const own =
    wanted.selected < wanted.cpus ? [cpuLane(wanted, wanted.selected, Math.floor(wanted.font * 3.1))] : [];
  const rest = room - own.reduce((sum, one) => sum + one.height, 0);
  const size = groupSize(wanted.cpus, rest);
  const groups = Math.ceil(wanted.cpus / size);
  const row = Math.max(2, Math.min(wanted.font * 1.4, Math.floor(rest / groups)));
  const heat = upTo(groups).map((group) => {
    const cpus = upTo(Math.min(size, wanted.cpus - group * size)).map((cpu) => group * size + cpu);
    return lane("heat", { cpus, height: row, selected: cpus.includes(wanted.selected) });
  });
  return [...own, ...heat];
}

/** How many CPUs share a heat row: one where there is room for each, else a part of a cluster, a cluster or several. @param {number} cpus @param {number} room */
function groupSize(cpus, room) {
  if (cpus <= 4 * CLUSTER) {
    for (const size of [1, 2, 4, 8]) if ((cpus / size) * 4 <= room) return size;
  }
  return CLUSTER;
}

/** The lane at a height, or null. @param {Lane[]} lanes @param {number} y */
export const laneAt = (lanes, y) => lanes.find((one) => y >= one.y && y < one.y + one.height) ?? null;

/** The lane that shows a CPU: its own, else its heat row. @param {Lane[]} lanes @param {number} cpu */
export const laneOfCpu = (lanes, cpu) =>
  lanes.find((one) => one.sort === "cpu" && one.cpus[0] === cpu) ??
  lanes.find((one) => one.sort === "heat" && one.cpus.includes(cpu)) ??
  null;

/** The upper edge of a row for what waits. @param {Lane} one @param {number} slot */
export const waitingTop = (one, slot) =>
  one.y + PAD + Math.min(slot, one.waiting - 1) * (one.waitingHeight + 3);

/** The upper edge of a row for what runs: the outermost stands at the foot. @param {Lane} one @param {number} slot */
export const stackTop = (one, slot) =>
  one.y + one.height - 1 - (Math.min(slot, one.stack - 1) + 1) * (one.bar + 2);

/** Where the row of a line lies. @param {Lane} one @param {number} at */
export function lineRow(one, at) {
  const height = (one.height - PAD) / one.lineRows;
  const row = Math.min(at, one.lineRows - 1);
  return { top: one.y + PAD + row * height + 2, bottom: one.y + PAD + (row + 1) * height - 1.5 };
}

/** Where the row of a CPU in the hypervisor's lane lies. @param {Lane} one @param {number} cpu */
export function crossingRow(one, cpu) {
  const height = (one.height - PAD * 2) / Math.max(one.cpus.length, 3);
  return { top: one.y + PAD + cpu * height, height: Math.max(1, height - (height > 3 ? 1.2 : 0.4)) };
}
