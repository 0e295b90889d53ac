import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf, classCounts, differing, EMPTY, has, highest, vectorsIn } from "../../static/js/bitmap.js";
import { learn } from "../../static/js/vocabulary.js";
import { chanceFrom, someVectors, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

/** @param {number[]} vectors */
const sorted = (vectors) => [...new Set(vectors)].sort((a, b) => a - b);

test("bit v is vector v: the number's lowest digit holds vectors 0 to 3", () => {
  assert.equal(bitmapOf([0]), `${"0".repeat(63)}1`);
  assert.equal(bitmapOf([255]), `8${"0".repeat(63)}`);
  assert.equal(BigInt(`0x${bitmapOf([0x51, 0xfc])}`), (1n << 0x51n) | (1n << 0xfcn));
});

test("a set goes in and comes out", () => {
  const chance = chanceFrom(1);
  for (let run = 0; run < 300; run++) {
    const vectors = sorted(someVectors(chance));
    const digits = bitmapOf(vectors);
    assert.deepEqual(vectorsIn(digits), vectors);
    assert.equal(highest(digits), vectors.at(-1) ?? null);
    for (const vector of [0, 16, 81, 255, ...vectors])
      assert.equal(has(digits, vector), vectors.includes(vector));
    assert.equal(
      classCounts(digits).reduce((sum, count) => sum + count),
      vectors.length,
    );
  }
});

test("turning the differing bits leads from one set to the other", () => {
  const chance = chanceFrom(2);
  for (let run = 0; run < 300; run++) {
    const before = bitmapOf(someVectors(chance));
    const after = bitmapOf(someVectors(chance));
    const turned = new Set(vectorsIn(before));
    for (const vector of differing(before, after))
      turned.has(vector) ? turned.delete(vector) : turned.add(vector);
    assert.equal(bitmapOf(turned), after);
  }
  assert.deepEqual(differing(EMPTY, EMPTY), []);
});
