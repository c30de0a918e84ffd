import { subscribe } from "node:diagnostics_channel";
import { openSync, writeSync } from "node:fs";
import type { AnnouncedCall } from "@rushes/telemetry";
import type { StepLine } from "../history/history-lines.ts";

/** Not imported from telemetry: this file is loaded before everything, and must not load anything of the product. */
export const CALLS = "rushes:call";

export type WriteStep = (step: Omit<StepLine, "at" | "by">) => void;

/**
 * Writes the announced calls down. Synchronously: what stands in the file has happened, also when the process is
 * killed in the same breath.
 */
export function writeSteps(path: string, by: string): WriteStep {
  const file = openSync(path, "a");
  const write: WriteStep = (step) =>
    void writeSync(file, `${JSON.stringify({ at: Date.now(), by, ...step } satisfies StepLine)}\n`);
  subscribe(CALLS, (message) => {
    const told = message as AnnouncedCall;
    const { part, call, moment } = told;
    const about = ABOUT[`${part}.${call}`]?.(told);
    if (about) write({ part, call, moment, ...about, ...resultOf(told.result) });
  });
  return write;
}

type About = Pick<StepLine, "videos" | "task" | "prompt">;

const firstArgument = (told: AnnouncedCall): Record<string, unknown> =>
  told.args[0] as Record<string, unknown>;
const ofAttempt = (told: AnnouncedCall): About => ({ videos: [String(firstArgument(told)["videoId"])] });
const ofList = (list: unknown): About | null => {
  const videos = Array.isArray(list) ? list.map((item: { videoId: string }) => item.videoId) : [];
  return videos.length > 0 ? { videos } : null;
};

/** Which calls are worth a line, and whom they are about; null: not this one. */
const ABOUT: Record<string, (told: AnnouncedCall) => About | null> = {
  "ledger.admit": ofAttempt,
  "ledger.read": (told) => ({ videos: [String(told.args[0])] }),
  "ledger.claimSubmission": ({ result }) =>
    isNamed(result) && result["kind"] === "claimed" ? { videos: [String(result["videoId"])] } : null,
  "ledger.learnAnswer": ofAttempt,
  "ledger.recordLook": ofAttempt,
  "ledger.hurryLook": ofAttempt,
  "ledger.recordArchive": ofAttempt,
  "ledger.claimOverdue": ({ result }) => ofList(result),
  "queues.wake": (told) => ofList(told.args[0]),
  "provider.generateTask": (told) => ({
    prompt: String((firstArgument(told)["input"] as Record<string, unknown>)["prompt"]),
  }),
  "provider.statusTask": (told) => ({ task: String(told.args[0]) }),
  "store.archive": ofAttempt,
};

function resultOf(result: unknown): Pick<StepLine, "result"> {
  if (!isNamed(result)) return {};
  const word = result["result"] ?? result["kind"] ?? result["state"] ?? result["taskId"];
  return typeof word === "string" ? { result: word } : {};
}

function isNamed(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
