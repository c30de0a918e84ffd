import { appendFileSync } from "node:fs";
import process, { argv } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, retryDelayMs, type StoredFile } from "@rushes/pipeline";
import { createRandom } from "../seeded-random.ts";
import type { HandLine } from "./copy-lines.ts";
import type { PlannedCopy } from "./copy-plan.ts";
import { resultUrl } from "./faulty-origin.ts";
import type { FromHand, HandOrder, ToHand } from "./hand-messages.ts";
import { openPlainStore } from "./plain-store.ts";
import { openProofStore } from "./proof-store.ts";

/**
 * A process that copies, and tries again as the archive stage does: whatever failed, with growing gaps, with a URL issued
 * anew where the result's host was at fault, and until the life of the result is over. That life is counted in tries here.
 */
const order = JSON.parse(String(argv[2])) as HandOrder;
/** A file with a flaw is worth no more; any other is stored long before. */
const TRIES_OF_FLAWED = 3;
const TRIES_MOST = 60;
const RETRY_GAPS = { minMs: 20, maxMs: 500 };

const store = order.contender === "rushes" ? openProofStore(order) : openPlainStore(order);
const tell = (message: FromHand): void => void process.send?.(message);
const write = (line: HandLine): void => appendFileSync(order.linesPath, `${JSON.stringify(line)}\n`);

process.on("message", (message: ToHand) => {
  if (message.say === "copy") void copyUntilDone(message.copy);
  else void store.close().then(() => process.exit());
});
process.on("disconnect", () => process.exit());
for (let lane = 0; lane < order.parallel; lane += 1) tell({ say: "wants" });

async function copyUntilDone(copy: PlannedCopy): Promise<void> {
  const { name } = copy;
  const random = createRandom(order.seed, `gaps of ${name}`);
  const said = (attempt: number) => ({ at: Date.now(), hand: order.name, name, attempt });
  const triesMost = copy.flaw === null ? TRIES_MOST : TRIES_OF_FLAWED;
  let issue = 1;
  for (let attempt = 1; ; attempt += 1) {
    write({ ...said(attempt), event: "begins" });
    try {
      const { key, bytes, sha256 } = await copyOnce(copy, issue);
      write({ ...said(attempt), event: "stored", key, bytes, sha256 });
      break;
    } catch (error) {
      const code = error instanceof Failure ? error.code : "no-failure";
      write({ ...said(attempt), event: attempt < triesMost ? "failed" : "gave-up", code });
      if (attempt === triesMost) break;
      // The stage asks the provider for the URL again whenever the result's host was at fault.
      if (!(error instanceof Failure) || code.startsWith("result_")) issue += 1;
      await sleep(retryDelayMs(attempt, RETRY_GAPS, () => random.next()));
    }
  }
  tell({ say: "ended", name });
}

async function copyOnce(copy: PlannedCopy, issue: number): Promise<StoredFile> {
  const { name, videoId, index, count, createdAtMs } = copy;
  const file = {
    videoId,
    index,
    count,
    createdAtMs,
    taskId: `task-of-${videoId}`,
    mode: "standard-text-to-video",
  };
  // With https, so that the address alone is what is wrong with it.
  const url =
    copy.flaw === "private-address"
      ? `${order.trapUrl.replace("http:", "https:")}/${name}.mp4`
      : resultUrl(order.originUrl, name, issue);
  return await store.archive({ ...file, url }, copy);
}
