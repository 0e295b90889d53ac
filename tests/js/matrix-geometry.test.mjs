import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CELL,
  cornerOf,
  GUTTER,
  HEIGHT,
  lineAbove,
  SIDE,
  TOP,
  vectorAt,
  WIDTH,
} from "../../static/js/matrix-geometry.js";
import { learn } from "../../static/js/vocabulary.js";
import { VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

import { neighbour } from "../../static/js/views/vector-grid.js";

const all = Array.from({ length: 256 }, (_, vector) => vector);

test("the point in the middle of a vector's cell is that vector", () => {
  for (const vector of all) {
    const { x, y } = cornerOf(vector);
    assert.equal(vectorAt(x + CELL / 2, y + CELL / 2), vector);
  }
});

test("outside of the cells there is no vector", () => {
  assert.equal(vectorAt(GUTTER - 1, TOP + 1), null);
  assert.equal(vectorAt(GUTTER + SIDE + 1, TOP + 1), null);
  assert.equal(vectorAt(GUTTER + 1, TOP + SIDE + 1), null);
});

test("all cells lie inside of the picture", () => {
  for (const vector of all) {
    const { x, y } = cornerOf(vector);
    assert.ok(x >= 0 && y >= 0 && x + CELL <= WIDTH && y + CELL <= HEIGHT);
  }
});

test("what lies under the PPR line is what its class holds back, and nothing else", () => {
  for (const ppr of [0x00, 0x20, 0x61, 0xf0]) {
    const line = lineAbove(ppr);
    for (const vector of all) assert.equal(cornerOf(vector).y >= line, vector >> 4 <= ppr >> 4);
  }
});

test("arrows move by one cell and stop at the edges", () => {
  assert.equal(neighbour("ArrowUp", 0x51, false), 0x61);
  assert.equal(neighbour("ArrowDown", 0x51, false), 0x41);
  assert.equal(neighbour("ArrowLeft", 0x50, false), 0x50);
  assert.equal(neighbour("ArrowRight", 0x5f, false), 0x5f);
  assert.equal(neighbour("Home", 0x5a, false), 0x50);
  assert.equal(neighbour("End", 0x5a, false), 0x5f);
  assert.equal(neighbour("Home", 0x5a, true), 0xf0);
  assert.equal(neighbour("x", 0x5a, false), null);
});

test("from any cell every key leads to a cell", () => {
  for (const key of [
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Home",
    "End",
    "PageUp",
    "PageDown",
  ]) {
    for (const vector of all) {
      const next = neighbour(key, vector, false);
      assert.ok(next !== null && next >= 0 && next <= 255);
    }
  }
});
