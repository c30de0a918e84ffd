import { CONTENDERS, type ContenderName } from "./client-messages.ts";
import { startClient, type Client } from "./client.ts";
import type { ArchiveOptions } from "./options.ts";
import { originUrl } from "./result-origin.ts";
import type { StandIns } from "./stand-ins.ts";

const FILE_BYTES = 25_000_000;

export type Wire = "plain" | "TLS";
export type CopyingRound = {
  wire: Wire;
  /** One of each contender, minutes apart at most. */
  of: Record<ContenderName, { bytesPerSecond: number; cpuSecondsPerGb: number }>;
};

/** Rounds of all contenders in turn, so that a busy machine slows all alike. The processes stay, warm, from round to round. */
export async function measureCopying(
  standIns: StandIns,
  options: ArchiveOptions,
  told: (line: string) => void,
): Promise<CopyingRound[]> {
  const rounds: CopyingRound[] = [];
  for (const wire of ["plain", "TLS"] as const) {
    const bucketUrl = wire === "plain" ? standIns.plainUrl : standIns.tlsUrl;
    const clients = new Map<ContenderName, Client>();
    try {
      for (const contender of CONTENDERS) {
        clients.set(
          contender,
          await startClient({ contender, bucketUrl }, { ...standIns, profileDir: options.profileDir }),
        );
      }
      for (let round = 0; round <= options.rounds; round += 1) {
        const of: Partial<CopyingRound["of"]> = {};
        // The one that goes first finds the machine as the others left it; they take turns at that.
        const turn = CONTENDERS.map((_, place) => CONTENDERS[(place + round) % CONTENDERS.length] ?? "bare");
        for (const contender of turn) {
          told(`copying, ${wire}, round ${round} of ${options.rounds}: ${contender}`);
          of[contender] = await copyRound(clients.get(contender), bucketUrl, options);
        }
        if (round > 0) rounds.push({ wire, of: of as CopyingRound["of"] });
      }
    } finally {
      await Promise.all([...clients.values()].map((client) => client.stop()));
    }
  }
  return rounds;
}

async function copyRound(client: Client | undefined, base: string, { files, parallel }: ArchiveOptions) {
  if (client === undefined) throw new Error("a contender was not started");
  const urls = Array.from({ length: files }, (_, index) =>
    originUrl(base, { name: `file-${index}`, bytes: FILE_BYTES }),
  );
  const { wallMs, cpuMs, copies } = await client.copy({ urls, parallel, forMs: null });
  const bytes = copies * FILE_BYTES;
  return { bytesPerSecond: (bytes * 1000) / wallMs, cpuSecondsPerGb: (cpuMs * 1e6) / bytes };
}
