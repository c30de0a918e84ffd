import { CONTENDERS, type ContenderName } from "./client-messages.ts";
import { startClient } from "./client.ts";
import type { Wire } from "./measure-copying.ts";
import type { ArchiveOptions } from "./options.ts";
import { originUrl } from "./result-origin.ts";
import type { StandIns } from "./stand-ins.ts";

export const PARALLEL = 64;
export const MEMORY_FILES = { "5 MB": 5_000_000, "2 GB": 2_000_000_000 } as const;
/** Copied before, so that what a process loads and compiles on its first copy does not count as memory of copies. */
const FIRST_BYTES = 5_000_000;

export type MemoryRow = {
  contender: ContenderName;
  wire: Wire;
  files: keyof typeof MEMORY_FILES;
  idleBytes: number;
  /** The most while one file after the other is copied: what copying costs at all, garbage not yet collected included. */
  oneBytes: number;
  /** The most while so many are copied at a time. */
  manyBytes: number;
};

/** The most resident memory while so many copies go on, beside that of the same process at rest and with one. A fresh process each. */
export async function measureMemory(
  standIns: StandIns,
  { memorySeconds, profileDir }: ArchiveOptions,
  told: (line: string) => void,
): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = [];
  for (const wire of ["plain", "TLS"] as const) {
    const bucketUrl = wire === "plain" ? standIns.plainUrl : standIns.tlsUrl;
    for (const contender of CONTENDERS) {
      for (const files of Object.keys(MEMORY_FILES) as (keyof typeof MEMORY_FILES)[]) {
        told(`memory, ${wire}, ${PARALLEL} copies of ${files}: ${contender}`);
        const client = await startClient({ contender, bucketUrl }, { ...standIns, profileDir });
        try {
          const first = originUrl(bucketUrl, { name: "first", bytes: FIRST_BYTES });
          await client.copy({ urls: [first], parallel: 1, forMs: null });
          const name = `memory-${files[0]}`;
          const urls = [originUrl(bucketUrl, { name, bytes: MEMORY_FILES[files] })];
          const forMs = memorySeconds * 1000;
          const one = await client.copy({ urls, parallel: 1, forMs: forMs / 2 });
          const many = await client.copy({ urls, parallel: PARALLEL, forMs });
          rows.push({
            ...{ contender, wire, files, idleBytes: one.idleBytes, oneBytes: one.peakBytes },
            manyBytes: many.peakBytes,
          });
        } finally {
          await client.stop();
        }
      }
    }
  }
  return rows;
}
