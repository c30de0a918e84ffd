import { expect, test } from "vitest";
import { judgeDisk } from "./check-disk.ts";
import { checkNode } from "./check-node.ts";
import { findingsTable } from "./findings-table.ts";

test("each check is a row, what is not in order has its fix below, and the last line sums up", () => {
  expect(findingsTable([checkNode("v20.1.0"), judgeDisk(2 * 1024 ** 3)])).toEqual([
    "check       verdict  found",
    "node        refuse   v20.1.0",
    "                     to mend it: run Node.js 24",
    "disk-space  ok       2.0 GiB free where Redis writes",
    "",
    "Not safe for paid work: node.",
  ]);
  expect(findingsTable([checkNode("v22.18.0")]).at(-1)).toBe("Nothing refuses. Look at: node.");
  expect(findingsTable([checkNode("v24.0.0")]).at(-1)).toBe("Everything is in order.");
});

test("little room for Redis is warned of before it is none", () => {
  expect(judgeDisk(1024 ** 3).verdict).toBe("ok");
  expect(judgeDisk(1024 ** 3 - 1).verdict).toBe("warn");
});
