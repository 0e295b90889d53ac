/** Words and their fields: what is put into a field is found there, and nothing else has changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, hexadecimal, highest, kept, merge, numberIn, put } from "../../static/js/fields.js";
import { pinsInUse } from "../../static/js/views/lines.js";

const DESTINATION = { high: 63, low: 56 };
const MODE = { high: 10, low: 8 };

test("what is put into a field is found there, and the others stay", () => {
  const word = 0x0300_0000_0000_80b1n;

  const other = put(put(word, DESTINATION, 0xffn), MODE, 5n);

  assert.equal(cut(other, DESTINATION), 0xffn);
  assert.equal(cut(other, MODE), 5n);
  assert.equal(other, 0xff00_0000_0000_85b1n);
});

test("what is too large for a field does not reach its neighbours", () => {
  assert.equal(put(0n, MODE, 0xffffn), 0x700n);
  assert.equal(highest(MODE), 7n);
});

test("bits are taken over where the mask has ones", () => {
  assert.equal(merge(0xfee0_0900n, 0xc00n, 0xc00n), 0xfee0_0d00n);
  assert.equal(merge(0xfee0_0d00n, 0xc00n, 0n), 0xfee0_0100n);
  assert.equal(kept(0xfee0_0d00n, 0xc00n), 0xc00n);
});

test("numbers are read as people write them, and nothing else is one", () => {
  assert.equal(numberIn(" 0x51 "), 81n);
  assert.equal(numberIn("81"), 81n);
  for (const text of ["", "0x", "5g", "-1", "1.5", "0x5_1"]) assert.equal(numberIn(text), null, text);
  assert.equal(hexadecimal(0x51n, 4), "0x0051");
});

test("a pin that tells something comes last, and one that does not goes only where there is no room", () => {
  const five = [1, 12, 16, 18];

  assert.deepEqual(pinsInUse(five, new Set([9]), false), [1, 12, 16, 18, 9]);
  assert.deepEqual(pinsInUse([...five, 9], new Set([16, 9, 3]), false), [12, 16, 18, 9, 3]);
  assert.deepEqual(pinsInUse([...five, 9], new Set([3]), true), [1, 12, 16, 18, 9, 3]);
  assert.deepEqual(pinsInUse(five, new Set([16]), false), five);
});
