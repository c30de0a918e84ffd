import { chargesOf, MOST_CHARGES, type Reading, type Standing } from "@rushes/pipeline";

export type OperatorVerb = "release" | "adopt" | "write off" | "poll" | "rearchive";

/** What a person must know to go on: one sentence on what is, one on the way out. */
export type VerbRefusal = {
  code: "stale" | "charges_used_up" | "task_known" | "no_unknown_attempt" | "task_elsewhere";
  detail: string;
};

/** Why the record did not take part in a verb, for whoever pressed it. Nothing was changed. */
export function refusalOf(verb: OperatorVerb, { result }: Standing, { record }: Reading): VerbRefusal {
  switch (result) {
    case "stale":
      return { code: "stale", detail: staleDetail() };
    case "charges_used_up":
      return { code: "charges_used_up", detail: chargesDetail() };
    case "known":
      return {
        code: "task_known",
        detail: "The task belongs to this video already, as one of its attempts. There is nothing to adopt.",
      };
    case "no_unknown_attempt":
      return {
        code: "no_unknown_attempt",
        detail: "What became of every attempt of this video is known, so none can have brought this task.",
      };
    case "task_elsewhere":
      return {
        code: "task_elsewhere",
        detail:
          "This task is another video's. Look up at the provider which task was created when this video was submitted.",
      };
  }
  throw new Error(`a script answered ${result} to ${verb}`);

  function staleDetail(): string {
    const { phase } = record;
    switch (verb) {
      case "poll":
        return `The video is ${phase}: it follows no running task, so there is nothing to look at.`;
      case "adopt":
        return `The video is ${phase}. A task can be adopted while it is unconfirmed or queued, or after it has failed or was cancelled.`;
      case "rearchive":
        return `The video is ${phase}. Files can be archived again of a completed video, or of one that failed because its result could not be fetched in time.`;
      case "release":
      case "write off":
        return phase === "unconfirmed"
          ? `The video has had ${record.attempts.length} attempts by now, so this decision was made on an older state. Look at it again and repeat with what you see.`
          : `The video is ${phase}, not unconfirmed. There is nothing to ${verb}.`;
    }
  }

  function chargesDetail(): string {
    const charges = chargesOf(record);
    const used = `${charges} of ${record.maxCharges} allowed charges are used.`;
    return charges < MOST_CHARGES
      ? `${used} To let it be charged once more, release it with max_charges ${charges + 1}.`
      : `${used} More than ${MOST_CHARGES} are never allowed: adopt its task, or write it off.`;
  }
}
