import type { CopyHistory, FileLine } from "./copy-lines.ts";

/** What must hold of copies, by the names under which the checker reports that one does not. */
export const COPY_INVARIANTS = {
  corrupt:
    "What is stored under a file's name is, byte for byte, the origin's file, or was put there by somebody else.",
  "claim-wrong": "Where a hand has said that a file is stored, it is, with the size and SHA-256 said.",
  "claims-differ": "Whoever copies a file again says the same of it.",
  overwritten: "What is stored stays as it is, somebody else's bytes too.",
  "not-stored": "Every file that can be stored is, whatever was done to its copies and to the hands.",
  "unfit-stored":
    "Nothing is stored of a file that is no video, too large, or behind an address that may not be dialled.",
  "upload-left":
    "A file that is stored leaves no open multipart upload, but for a killed hand's under a key that somebody else took.",
  "temp-left": "No temp file outlives its copy or its process.",
  dialled: "An address that is not allowed is never dialled.",
  died: "No copy that fails ends its process.",
} as const;
export type CopyInvariant = keyof typeof COPY_INVARIANTS;
export type CopyFinding = { invariant: CopyInvariant; about: string; says: string };

/** Holds what the witnesses wrote against each other; reads nothing else. */
export function checkCopies(history: CopyHistory): CopyFinding[] {
  const findings: CopyFinding[] = [];
  const report = (invariant: CopyInvariant, about: string, says: string): void =>
    void findings.push({ invariant, about, says });
  const files = new Map(history.files.map((file) => [file.name, file]));
  const planted = new Map<string, string>();
  for (const line of history.bucket) if (line.event === "planted") planted.set(line.key, line.sha256);

  for (const object of history.objects) {
    const file = files.get(nameOfKey(object.key));
    const plant = planted.get(object.key);
    if (plant !== undefined) {
      if (plant !== object.sha256)
        report("overwritten", object.key, "what somebody else had put there is gone");
    } else if (file === undefined) report("corrupt", object.key, "an object of no file");
    else if (file.flaw !== null) report("unfit-stored", object.key, `the file is ${file.flaw}`);
    else if (!isWhole(object, file))
      report("corrupt", object.key, `${object.bytes} bytes with another hash than the file's ${file.bytes}`);
  }
  for (const line of history.bucket) {
    if (line.event === "overwritten")
      report(
        "overwritten",
        line.key,
        `${line.by} wrote ${line.after.slice(0, 8)} over ${line.before.slice(0, 8)}`,
      );
  }
  findings.push(...claimFindings(history, files));

  const killed = killedHands(history);
  for (const line of history.bucket) {
    // Nobody begins an upload there any more, and so nobody finds what the dead one has left.
    if (line.event === "upload-open" && !(killed.has(line.by) && planted.has(line.key)))
      report("upload-left", line.key, `begun by ${line.by}`);
  }
  for (const path of history.facts.tempFiles) report("temp-left", path, "is still there");
  if (history.facts.trapDials > 0)
    report("dialled", "the forbidden address", `${history.facts.trapDials} connections`);
  for (const death of history.deaths) {
    if (death.how === "by-itself") report("died", death.hand, death.moment);
  }
  return findings;
}

function claimFindings(history: CopyHistory, files: ReadonlyMap<string, FileLine>): CopyFinding[] {
  const findings: CopyFinding[] = [];
  const objects = new Map(history.objects.map((object) => [object.key, object]));
  const claims = Map.groupBy(
    history.hands.filter((line) => line.event === "stored"),
    ({ name }) => name,
  );
  for (const [name, lines] of claims) {
    for (const { key, bytes, sha256, hand } of lines) {
      const object = objects.get(key);
      const file = files.get(name);
      const isTrue =
        object !== undefined &&
        file !== undefined &&
        isWhole(object, file) &&
        isWhole({ bytes, sha256 }, file) &&
        nameOfKey(key) === name;
      if (!isTrue)
        findings.push({ invariant: "claim-wrong", about: name, says: `${hand} says that it is ${key}` });
    }
    if (new Set(lines.map(({ key, sha256 }) => `${key} ${sha256}`)).size > 1)
      findings.push({
        invariant: "claims-differ",
        about: name,
        says: lines.map(({ key }) => key).join(", "),
      });
  }
  for (const file of files.values()) {
    if (file.flaw === null && !claims.has(file.name))
      findings.push({ invariant: "not-stored", about: file.name, says: "nobody has said that it is stored" });
  }
  return findings;
}

export function killedHands({ deaths }: CopyHistory): ReadonlySet<string> {
  return new Set(deaths.filter(({ how }) => how === "killed").map(({ hand }) => hand));
}

function isWhole(found: { bytes: number; sha256: string }, file: FileLine): boolean {
  return found.bytes === file.bytes && found.sha256 === file.sha256;
}

/** `2026/11/24/vid_000012-2-0a1b2c3d.mp4` holds the file `vid_000012-2`. */
export function nameOfKey(key: string): string {
  return /(vid_\d+(?:-\d)?)(?:-[0-9a-f]{8})?\.mp4$/.exec(key)?.[1] ?? key;
}
