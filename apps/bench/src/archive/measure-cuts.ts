import { startClient } from "./client.ts";
import type { ArchiveOptions } from "./options.ts";
import { CUTS_BY, originUrl, type CutBy } from "./result-origin.ts";
import type { StandIns } from "./stand-ins.ts";
import type { Wire } from "./measure-copying.ts";

const FILE_BYTES = 50_000_000;
export const CUTS = 5;

export type CutRow = {
  wire: Wire;
  cutBy: CutBy;
  /** One per file: bytes that the origin sent beyond the file's own, as a share of them. */
  again: number[];
};

/** Files whose host cuts them five times each at random, and what the host sent more than once because of it. */
export async function measureCuts(
  standIns: StandIns,
  { cutFiles, profileDir }: ArchiveOptions,
  told: (line: string) => void,
): Promise<CutRow[]> {
  const rows: CutRow[] = [];
  for (const wire of ["plain", "TLS"] as const) {
    const bucketUrl = wire === "plain" ? standIns.plainUrl : standIns.tlsUrl;
    const client = await startClient({ contender: "rushes", bucketUrl }, { ...standIns, profileDir });
    try {
      for (const cutBy of CUTS_BY) {
        // Node cannot reset a TLS socket; it closes it.
        if (wire === "TLS" && cutBy !== "close") continue;
        const again: number[] = [];
        for (let seed = 1; seed <= cutFiles; seed += 1) {
          told(`cuts, ${wire}, by ${cutBy}: file ${seed} of ${cutFiles}`);
          const name = `cut-${wire}-${cutBy}-${seed}`;
          const url = originUrl(bucketUrl, { name, bytes: FILE_BYTES, cuts: CUTS, cutBy, seed });
          await client.copy({ urls: [url], parallel: 1, forMs: null });
          const { requests, sentBytes } = await standIns.served(name);
          if (requests <= CUTS) throw new Error(`${name} was asked for ${requests} times: it was not cut`);
          again.push(sentBytes / FILE_BYTES - 1);
        }
        rows.push({ wire, cutBy, again });
      }
    } finally {
      await client.stop();
    }
  }
  return rows;
}
