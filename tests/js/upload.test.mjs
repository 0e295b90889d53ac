import assert from "node:assert/strict";
import { test } from "node:test";

import { progressWords, sizeWords } from "../../static/js/views/upload.js";

test("what is being read is told in per cent, and without them where nobody knows the end", () => {
  assert.equal(progressWords({ stage: "reading the log", done: 1, total: 3 }), "reading the log: 33 %");
  assert.equal(progressWords({ stage: "waiting for its turn", done: 0, total: 0 }), "waiting for its turn…");
});

test("sizes are told in the largest unit that fits", () => {
  assert.deepEqual([999, 1000, 1_500_000].map(sizeWords), ["999 B", "1.0 kB", "1.5 MB"]);
});
