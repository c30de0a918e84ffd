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
  peakBytes: number;
};

/** The most resident memory while so many copies go on, over that of the same process at rest. A fresh process each. */
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
          const { idleBytes, peakBytes } = await client.copy({
            urls: [originUrl(bucketUrl, { name: `memory-${files[0]}`, bytes: MEMORY_FILES[files] })],
            parallel: PARALLEL,
            forMs: memorySeconds * 1000,
          });
          rows.push({ contender, wire, files, idleBytes, peakBytes });
        } finally {
          await client.stop();
        }
      }
    }
  }
  return rows;
}
