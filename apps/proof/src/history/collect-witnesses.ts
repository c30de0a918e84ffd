import { createHash } from "node:crypto";
import { currentAttempt, type Reading } from "@rushes/pipeline";
import type { LedgerEvent } from "@rushes/ledger";
import type { Sandbox } from "@rushes/sandbox";
import type { TestS3 } from "@rushes/test-rig";
import type { ProofSystem } from "../system/proof-system.ts";
import { readLedger } from "../system/read-ledger.ts";
import type { HistoryFolder } from "./history-folder.ts";
import type { RecordLine } from "./history-lines.ts";

const PAGE = 200;

/** Lets each witness write down what it knows at the end. */
export async function collectWitnesses({ folder, sandbox, s3, inspect }: ProofSystem): Promise<void> {
  writeBill(folder, sandbox);
  await writeObjects(folder, s3);
  await writeRecords(folder, inspect);
}

export function writeBill(folder: HistoryFolder, sandbox: Sandbox): void {
  folder.append(
    "bill",
    ...sandbox
      .bill()
      .charges.map(({ taskId, priceUsd, prompt, time, callbackUrl, refundedTime, submitFault }) => ({
        ...{ taskId, priceUsd, prompt, time, callbackUrl, refundedTime, submitFault },
      })),
  );
  folder.append(
    "tasks",
    ...sandbox.tasks().map(({ taskId, state, prompt, createTime, completeTime, sha256 }) => ({
      ...{ taskId, state, prompt, createTime, completeTime, sha256 },
    })),
  );
}

async function writeObjects(folder: HistoryFolder, s3: TestS3): Promise<void> {
  for (const { key } of await s3.listObjects()) {
    const body = await s3.getObject(key);
    const sha256 = createHash("sha256").update(body).digest("hex");
    folder.append("objects", { key, bytes: body.length, sha256 });
  }
}

async function writeRecords(folder: HistoryFolder, redis: ProofSystem["inspect"]): Promise<void> {
  const ledger = readLedger(redis);
  let after: string | null = null;
  for (;;) {
    const page = await ledger.list({ phases: [], owner: null, limit: PAGE, after });
    for (const reading of await ledger.readMany(page.ids)) {
      folder.append("records", recordLine(reading, await ledger.readEvents(reading.record.id)));
    }
    after = page.ids.at(-1) ?? null;
    if (!page.hasMore) return;
  }
}

function recordLine({ record, order }: Reading, events: readonly LedgerEvent[]): RecordLine {
  return {
    videoId: record.id,
    prompt: order.input.prompt,
    phase: record.phase,
    createdMs: record.createdMs,
    reservedMicros: record.reservedMicros,
    billedMicros: record.billedMicros,
    taskId: currentAttempt(record)?.taskId ?? null,
    attempts: record.attempts.map(({ number, secret, state, taskId, intentMs }) => ({
      ...{ number, secret, state, taskId, intentMs },
    })),
    output: record.output.map(({ key, bytes, sha256 }) => ({ key, bytes, sha256 })),
    events: events.map(({ atMs, phase, what }) => ({ at: atMs, phase, what })),
  };
}
