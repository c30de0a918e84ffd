import { describe, expect, test } from "vitest";
import { checkCopies, COPY_INVARIANTS, type CopyInvariant } from "../src/copies/check-copies.ts";
import type { CopyHistory } from "../src/copies/copy-lines.ts";

const FOREIGN_KEY = "2026/11/24/vid_000002.mp4";
const OWN_KEY = "2026/11/24/vid_000002-bbbbbbbb.mp4";

/** Three files: one stored, one stored beside somebody else's bytes, one that is no video. Tests break one thing at a time. */
function soundCopies(): CopyHistory {
  return {
    facts: { kind: "copies", name: "made up", seed: 0, copies: 3, seconds: 1, tempFiles: [], trapDials: 0 },
    files: [
      { name: "vid_000001-2", bytes: 5, sha256: "aaaaaaaa1", flaw: null },
      { name: "vid_000002", bytes: 6, sha256: "bbbbbbbb2", flaw: null },
      { name: "vid_000003", bytes: 7, sha256: "cccccccc3", flaw: "no-video" },
    ],
    objects: [
      { key: "2026/11/24/vid_000001-2.mp4", bytes: 5, sha256: "aaaaaaaa1" },
      { key: FOREIGN_KEY, bytes: 6, sha256: "foreign" },
      { key: OWN_KEY, bytes: 6, sha256: "bbbbbbbb2" },
    ],
    bucket: [{ at: 1, event: "planted", key: FOREIGN_KEY, sha256: "foreign" }],
    weather: [],
    deaths: [{ at: 1, hand: "rushes-1", how: "killed", moment: "part-of-put" }],
    hands: [
      { at: 1, hand: "rushes-1", name: "vid_000001-2", attempt: 1, event: "begins" },
      stored("rushes-2", "vid_000001-2", "2026/11/24/vid_000001-2.mp4", 5, "aaaaaaaa1"),
      stored("rushes-3", "vid_000001-2", "2026/11/24/vid_000001-2.mp4", 5, "aaaaaaaa1"),
      stored("rushes-2", "vid_000002", OWN_KEY, 6, "bbbbbbbb2"),
      { at: 2, hand: "rushes-2", name: "vid_000003", attempt: 3, event: "gave-up", code: "result_damaged" },
    ],
  };
}

function stored(
  hand: string,
  name: string,
  key: string,
  bytes: number,
  sha256: string,
): CopyHistory["hands"][number] {
  return { at: 2, hand, name, attempt: 1, event: "stored", key, bytes, sha256 };
}

function object(history: CopyHistory, index: number): CopyHistory["objects"][number] {
  const found = history.objects[index];
  if (found === undefined) throw new Error("no such object");
  return found;
}

const BROKEN: [title: string, CopyInvariant, (history: CopyHistory) => unknown][] = [
  ["an object is shorter than its file", "corrupt", (history) => (object(history, 0).bytes = 4)],
  ["an object has another hash", "corrupt", (history) => (object(history, 2).sha256 = "half")],
  [
    "an object belongs to no file",
    "corrupt",
    ({ objects }) => objects.push({ key: "vid_000009.mp4", bytes: 1, sha256: "x" }),
  ],
  ["a file that was said to be stored is not there", "claim-wrong", ({ objects }) => objects.splice(0, 1)],
  [
    "a hand names another hash than the file has",
    "claim-wrong",
    ({ hands }) => hands.push(stored("rushes-3", "vid_000001-2", "2026/11/24/vid_000001-2.mp4", 5, "other")),
  ],
  [
    "a hand takes somebody else's bytes for the file",
    "claim-wrong",
    ({ hands }) => hands.push(stored("rushes-3", "vid_000002", FOREIGN_KEY, 6, "foreign")),
  ],
  [
    "two hands name different keys",
    "claims-differ",
    ({ hands }) => hands.push(stored("rushes-3", "vid_000002", FOREIGN_KEY, 6, "bbbbbbbb2")),
  ],
  [
    "the bucket saw bytes written over others",
    "overwritten",
    ({ bucket }) =>
      bucket.push({ at: 2, event: "overwritten", key: OWN_KEY, by: "rushes-2", before: "x", after: "y" }),
  ],
  [
    "somebody else's bytes are no longer there",
    "overwritten",
    (history) => (object(history, 1).sha256 = "bbbbbbbb2"),
  ],
  [
    "a file was given up that can be stored",
    "not-stored",
    (history) => (history.hands = history.hands.filter(({ name }) => name !== "vid_000002")),
  ],
  [
    "a file that is no video was stored",
    "unfit-stored",
    ({ objects }) => objects.push({ key: "vid_000003.mp4", bytes: 7, sha256: "cccccccc3" }),
  ],
  [
    "a living hand has left an upload",
    "upload-left",
    ({ bucket }) => bucket.push({ at: 2, event: "upload-open", key: FOREIGN_KEY, by: "rushes-2" }),
  ],
  [
    "an upload of a killed hand is left where the file was stored later",
    "upload-left",
    ({ bucket }) =>
      bucket.push({ at: 2, event: "upload-open", key: "2026/11/24/vid_000001-2.mp4", by: "rushes-1" }),
  ],
  ["a temp file is left", "temp-left", (history) => (history.facts.tempFiles = ["rushes-1.mp4"])],
  ["a forbidden address was dialled", "dialled", (history) => (history.facts.trapDials = 1)],
  [
    "a hand ended by itself",
    "died",
    ({ deaths }) => deaths.push({ at: 2, hand: "rushes-2", how: "by-itself", moment: "exit 1" }),
  ],
];

test("copies of which everything is right leave nothing to report", () => {
  expect(checkCopies(soundCopies())).toEqual([]);
});

describe("every invariant of copies, broken by hand, is reported", () => {
  test.each(BROKEN)("%s", (_, invariant, breakIt) => {
    const history = soundCopies();
    breakIt(history);
    expect(checkCopies(history).map((finding) => finding.invariant)).toContain(invariant);
  });

  test("none is left out", () => {
    expect(new Set(BROKEN.map(([, invariant]) => invariant))).toEqual(new Set(Object.keys(COPY_INVARIANTS)));
  });
});

test("an upload of a killed hand is excused only where somebody else took the key", () => {
  const history = soundCopies();
  history.bucket.push({ at: 2, event: "upload-open", key: FOREIGN_KEY, by: "rushes-1" });
  expect(checkCopies(history)).toEqual([]);
});
