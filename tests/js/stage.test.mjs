import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf } from "../../static/js/bitmap.js";
import { byShelf, chipsOf, fitting, signalsTo } from "../../static/js/stage/chips.js";
import { moved } from "../../static/js/stage/moves.js";
import {
  LINGER,
  linesOf,
  nextShrinking,
  noShelves,
  rowOf,
  rowsOf,
  shelvesAfter,
} from "../../static/js/stage/shelves.js";
import { pointOnWay } from "../../static/js/stage/way.js";
import { learn } from "../../static/js/vocabulary.js";
import { middle } from "../../static/js/words.js";
import { cpu, state, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

// Shelves

test("a shelf grows at once, and shrinks only when nobody has used it for a while", () => {
  const grown = shelvesAfter(noShelves(16), new Set([6]), 100);
  assert.equal(grown.tall[6], true);
  assert.equal(nextShrinking(grown, 100), null);

  const free = shelvesAfter(grown, new Set(), 60_000);
  assert.equal(free.tall[6], true);
  assert.equal(nextShrinking(free, 60_500), LINGER - 500);

  const still = shelvesAfter(free, new Set(), 60_000 + LINGER - 1);
  assert.equal(still.tall[6], true);
  assert.equal(shelvesAfter(still, new Set(), 60_000 + LINGER).tall[6], false);
});

test("a shelf that is used again in time starts to wait anew", () => {
  const free = shelvesAfter(shelvesAfter(noShelves(16), new Set([3]), 0), new Set(), 10);
  const again = shelvesAfter(free, new Set([3]), 1000);
  const after = shelvesAfter(again, new Set(), 1500);
  assert.equal(shelvesAfter(after, new Set(), 1500 + LINGER - 1).tall[3], true);
});

test("shelves that stay as they are stay the same value, so that nothing is drawn again", () => {
  const grown = shelvesAfter(noShelves(16), new Set([6]), 0);
  assert.equal(shelvesAfter(grown, new Set([6]), 99), grown);
});

test("the highest class lies on top", () => {
  assert.equal(rowOf(15, 16), 1);
  assert.equal(rowOf(0, 16), 16);
  assert.equal(rowsOf([false, true, false]), "minmax(0, 1fr) var(--tall) minmax(0, 1fr)");
});

test("a line lies above its class; class 0 holds nothing back; one line stands for both where they are the same", () => {
  assert.deepEqual(linesOf(10, 0, 16), { water: 6, task: null, same: false });
  assert.deepEqual(linesOf(0, 0, 16), { water: null, task: null, same: false });
  assert.deepEqual(linesOf(6, 6, 16), { water: 10, task: null, same: true });
  assert.deepEqual(linesOf(11, 6, 16), { water: 5, task: 10, same: false });
});

// Chips

test("what is in service lies first, and a vector keeps its chip from requested to in service", () => {
  const before = chipsOf(cpu(0, { irr: bitmapOf([0x51, 0x5f]) }), []);
  assert.deepEqual(
    before.map(({ key, kind }) => [key, kind]),
    [
      ["95-0", "requested"],
      ["81-0", "requested"],
    ],
  );
  const after = chipsOf(cpu(0, { irr: bitmapOf([0x5f]), isr: bitmapOf([0x51]), in_service: [0x51] }), []);
  assert.deepEqual(
    after.map(({ key, kind }) => [key, kind]),
    [
      ["81-0", "service"],
      ["95-0", "requested"],
    ],
  );
});

test("one vector in service, requested again and on its way once more is three chips", () => {
  const busy = cpu(0, { irr: bitmapOf([0x51]), in_service: [0x51] });
  assert.deepEqual(
    chipsOf(busy, [0x51]).map(({ key, kind }) => [key, kind]),
    [
      ["81-0", "service"],
      ["81-1", "requested"],
      ["81-2", "coming"],
    ],
  );
});

test("a handler past its EOI is told apart, and one without a vector lies on no shelf", () => {
  const handlers = [
    { vector: 0x41, name: "timer", since: 5 },
    { vector: 0x31, name: "disk", since: 7 },
    { vector: null, name: "nmi", since: 9 },
  ];
  assert.deepEqual(
    chipsOf(cpu(0, { in_service: [0x41], handlers }), []).map(({ vector, kind }) => [vector, kind]),
    [
      [0x41, "service"],
      [0x31, "ended"],
    ],
  );
});

test("a requested chip knows its gate, that it is level-triggered, and that requests became one", () => {
  const [chip] = chipsOf(
    cpu(0, {
      irr: bitmapOf([0x51]),
      tmr: bitmapOf([0x51]),
      repeated: [{ vector: 0x51, times: 3 }],
      why: [{ vector: 0x51, text: "waits", gate: "priority" }],
    }),
    [],
  );
  assert.deepEqual([chip?.gate, chip?.level, chip?.times], ["priority", true, 3]);
});

test("chips lie on the shelf of their class", () => {
  const shelves = byShelf(chipsOf(cpu(0, { irr: bitmapOf([0x51, 0x5f, 0xf0]) }), []));
  assert.deepEqual([...shelves.keys()].sort(), [15, 5]);
  assert.equal(shelves.get(5)?.length, 2);
});

test("a shelf shows names while they fit, then numbers, then as many as fit", () => {
  const chips = chipsOf(cpu(0, { irr: bitmapOf([0x51, 0x52, 0x53, 0x54]) }), []);
  const name = () => "reschedule";
  assert.deepEqual(fitting(chips, name, 60), { named: true, shown: 4 });
  assert.deepEqual(fitting(chips, name, 14), { named: false, shown: 4 });
  const few = fitting(chips, name, 9);
  assert.equal(few.named, false);
  assert.equal(few.shown, 2);
  assert.equal(fitting(chips, name, 0).shown, 1);
});

test("what is on its way and has no vector is told by its face", () => {
  const now = state(2);
  now.in_flight = [
    { message: 1, kind: "ipi", source: 0, vector: 8, delivery_mode: "startup", targets: [1] },
    { message: 2, kind: "ipi", source: 0, vector: 0x51, delivery_mode: "fixed", targets: [1] },
  ];
  assert.deepEqual([...signalsTo(now)], [[1, ["SIPI 08"]]]);
});

// Keys

const GROUND = {
  cpus: 2,
  shelves: 16,
  /** @param {number} number @param {number} shelf */
  chips: (number, shelf) => (number === 0 && shelf === 5 ? 2 : 0),
};

test("arrows go along a shelf and on to the CPU beside it, and stop at the last one", () => {
  const first = { cpu: 0, shelf: 5, place: 0 };
  const second = moved("ArrowRight", first, GROUND);
  assert.deepEqual(second, { cpu: 0, shelf: 5, place: 1 });
  assert.deepEqual(moved("ArrowRight", second ?? first, GROUND), { cpu: 1, shelf: 5, place: 0 });
  assert.deepEqual(moved("ArrowLeft", { cpu: 1, shelf: 5, place: 0 }, GROUND), {
    cpu: 0,
    shelf: 5,
    place: 1,
  });
  assert.deepEqual(moved("ArrowLeft", first, GROUND), first);
});

test("arrows up and down go by one shelf, Page Up and Page Down to the next that holds something", () => {
  assert.deepEqual(moved("ArrowUp", { cpu: 0, shelf: 15, place: 0 }, GROUND)?.shelf, 15);
  assert.deepEqual(moved("ArrowDown", { cpu: 0, shelf: 6, place: 0 }, GROUND)?.shelf, 5);
  assert.deepEqual(moved("PageDown", { cpu: 0, shelf: 12, place: 0 }, GROUND)?.shelf, 5);
  assert.deepEqual(moved("PageUp", { cpu: 0, shelf: 5, place: 1 }, GROUND), { cpu: 0, shelf: 15, place: 0 });
  assert.equal(moved("a", { cpu: 0, shelf: 5, place: 0 }, GROUND), null);
});

// The bus, and names

test("a message goes down to the line, along it, and up to its target", () => {
  const from = { x: 10, edge: 0 };
  const to = { x: 110, edge: 0 };
  assert.deepEqual(pointOnWay(from, to, 10, 0), { x: 10, y: 0 });
  assert.deepEqual(pointOnWay(from, to, 10, 0.5), { x: 60, y: 10 });
  assert.deepEqual(pointOnWay(from, to, 10, 1), { x: 110, y: 0 });
});

test("a name that is too long loses its middle", () => {
  assert.equal(middle("send_IPI_allbutself()", 40), "send_IPI_allbutself()");
  assert.equal(middle("send_IPI_allbutself()", 11), "send_…elf()");
  assert.equal(middle("abc", 1), "a…c");
});
