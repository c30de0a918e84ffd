/** `12 write(8</data/a.aof>, ""..., 50) = 50`, or only its first part when another thread spoke in between. */
const BEGIN = /^(\d+) +(write|fdatasync|fsync)\(\d+<([^>]*)>/;
/** `12 <... fdatasync resumed>) = 0` */
const RESUMED = /^(\d+) +<\.\.\. (?:write|fdatasync|fsync) resumed>/;
const RESULT = / = (-?\d+)[^=]*$/;

type Call = { name: string; writtenBefore: number };

/**
 * How much of a file is on the disk for certain, from the system calls that strace saw in their order: all that was written
 * before a sync began which has ended well. Of a sync that was under way at the end nothing is believed.
 *
 * @param calls the text of a trace of `write`, `fdatasync` and `fsync` with paths (`-f -y`)
 * @param suffix what the file's path ends with; the file begins empty and only grows
 */
export function syncedBytes(calls: string, suffix: string): number {
  const underWay = new Map<string, Call>();
  let written = 0;
  let synced = 0;
  for (const line of calls.split("\n")) {
    const begin = BEGIN.exec(line);
    const pid = begin?.[1] ?? RESUMED.exec(line)?.[1];
    if (pid === undefined) continue;
    if (begin !== null) {
      underWay.delete(pid);
      if (begin[3]?.endsWith(suffix)) underWay.set(pid, { name: String(begin[2]), writtenBefore: written });
    }
    const call = underWay.get(pid);
    const result = RESULT.exec(line)?.[1];
    if (call === undefined || result === undefined || line.includes("<unfinished")) continue;
    underWay.delete(pid);
    if (call.name === "write") written += Math.max(0, Number(result));
    else if (result === "0") synced = Math.max(synced, call.writtenBefore);
  }
  return synced;
}
