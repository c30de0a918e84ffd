import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkCopies, type CopyFinding } from "./check-copies.ts";
import { createCopyFolder, readCopyHistory } from "./copy-folder.ts";
import type { CopyHistory } from "./copy-lines.ts";
import { planCopies } from "./copy-plan.ts";
import { createCopyWeather } from "./copy-weather.ts";
import { startFaultyBucket } from "./faulty-bucket.ts";
import { startFaultyOrigin } from "./faulty-origin.ts";
import { startHandCrew } from "./hand-crew.ts";
import type { HandOrder } from "./hand-messages.ts";
import { startLoopbackServer } from "./loopback-server.ts";

export type CopiesOptions = {
  seed: number;
  copies: number;
  /** SIGKILLs, each in the middle of an upload. */
  kills: number;
  hands: number;
  contender: HandOrder["contender"];
  out: string;
};

export type CopiesVerdict = { path: string; history: CopyHistory; findings: CopyFinding[] };

/** An address of this machine that is not the origin's. */
const TRAP_HOST = "127.0.0.2";

/**
 * Copies files through hands – processes of their own – from a host in bad weather into a bucket in bad weather, kills some
 * of the hands in the middle of an upload, and lets the checker compare what is there with what should be.
 */
export async function runCopies(
  options: CopiesOptions,
  onProgress: (words: string) => void = () => {},
): Promise<CopiesVerdict> {
  const { seed, contender, hands, kills } = options;
  const startedMs = performance.now();
  const name = `${contender === "plain" ? "plain-" : ""}copies-${seed}`;
  const folder = createCopyFolder(join(options.out, name));
  const tempPath = join(folder.path, "temp");
  mkdirSync(tempPath);
  const copies = planCopies(seed, options.copies);
  const weather = createCopyWeather(seed);
  const trap = await startLoopbackServer(async (_, response) => void response.end(), TRAP_HOST);
  const origin = await startFaultyOrigin(copies, weather, trap.url);
  const bucket = await startFaultyBucket(copies, weather);
  try {
    const urls = { originUrl: origin.url, bucketUrl: bucket.url, trapUrl: trap.url };
    const crew = startHandCrew(
      {
        ...{ seed, contender, hands, kills, copies, tempPath },
        ...urls,
        handsPath: folder.handsPath,
        logsPath: folder.logsPath,
      },
      onProgress,
    );
    bucket.onMoment = (moment, hand) => crew.onMoment(moment, hand);
    const deaths = await crew.untilDone();
    // What a killed hand had sent may still be on its way.
    await bucket.untilIdle();
    const { download, bucket: ofBucket } = weather.served;
    folder.append("deaths", ...deaths);
    folder.append(
      "files",
      ...copies.map(({ name: file, bytes, sha256, flaw }) => ({ name: file, bytes, sha256, flaw })),
    );
    folder.append("objects", ...bucket.objects());
    folder.append("bucket", ...bucket.lines());
    folder.append("weather", { side: "download", ...download }, { side: "bucket", ...ofBucket });
    folder.writeFacts({
      ...{ kind: "copies", name, seed, copies: copies.length, trapDials: trap.connections() },
      seconds: Math.round((performance.now() - startedMs) / 1000),
      tempFiles: readdirSync(tempPath),
    });
  } finally {
    await Promise.all([trap.stop(), origin.stop(), bucket.stop()]);
  }
  return checkCopyFolder(folder.path);
}

/** The checker alone, over a history written before. */
export function checkCopyFolder(path: string): CopiesVerdict {
  const history = readCopyHistory(path);
  return { path, history, findings: checkCopies(history) };
}
