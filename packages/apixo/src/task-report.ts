import type { TaskReport } from "@rushes/pipeline";
import { z } from "zod";
import { classifyFailCode } from "./fail-codes.ts";
import { looseError, looseText } from "./loose-fields.ts";
import { parseResultUrls } from "./result-urls.ts";

/** `pending` and `processing` are documented, the others were seen at services of the same shape. */
const RUNNING_STATES: ReadonlySet<string> = new Set([
  "pending",
  "processing",
  "waiting",
  "queuing",
  "generating",
]);

const statusDataSchema = z.looseObject({
  state: looseText,
  resultJson: z.unknown().optional(),
  failCode: looseText,
  failMsg: looseText,
  error: looseError,
});

/**
 * What `data` of a status answer says about its task. No `data` and no `state` both mean that the provider does
 * not know the task (yet). A spelling of `state` that nobody has met counts as running, for a paid video is never
 * given up over a word; `onUnknownState` is told, so that it is seen. Times are not read: they are the provider's.
 */
export function readTaskReport(data: unknown, onUnknownState?: (state: string) => void): TaskReport {
  const read = statusDataSchema.safeParse(data);
  if (!read.success) return { state: "unknown", providerState: "no data" };
  const providerState = read.data.state.trim();
  switch (providerState.toLowerCase()) {
    case "":
      return { state: "unknown", providerState: "no state" };
    case "success":
      return { state: "succeeded", resultUrls: parseResultUrls(read.data.resultJson) };
    case "failed":
    case "fail": {
      const { failCode, failMsg, error } = read.data;
      const code = failCode.trim() || error.code.trim() || "unspecified";
      const message = failMsg.trim() || error.message.trim() || "The provider gave no reason";
      return { state: "failed", class: classifyFailCode(code).class, code, message };
    }
    default:
      if (!RUNNING_STATES.has(providerState.toLowerCase())) onUnknownState?.(providerState);
      return { state: "running", providerState };
  }
}
