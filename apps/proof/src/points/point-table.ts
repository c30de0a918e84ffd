import type { AnnouncedCall } from "@rushes/telemetry";

/** A moment between two effects at which a process may die or be frozen. */
export type Point = {
  name: string;
  /** Which process is struck there. */
  process: "api" | "worker";
  /** What has happened and what has not, in words. */
  means: string;
  /**
   * `call`: an announced call for which `isReached` says yes. `permission`: the last check before the first byte of a POST has
   * said yes. `departure`: the request has been handed to the system.
   */
  reachedBy: "call" | "permission" | "departure";
  isReached?: (call: AnnouncedCall) => boolean;
  /** Written into the prompt: what the sandbox does so that the point is met. */
  marker?: string;
  /** Without a callback an order killed here waits for a person. */
  parks?: true;
  /**
   * Frozen here, the POST goes on after its own time is over. Its answer may come first or be too late, in which case the order
   * waits for a person without a callback, and rightly.
   */
  mayParkFrozen?: true;
  /** The provider must call back for this point to be met. */
  needsCallbacks?: true;
};

type Match = {
  part: string;
  call: string;
  moment?: AnnouncedCall["moment"];
  result?: Record<string, string>;
};

/** Whether a call is the one; `result` names fields that its answer must have. */
function when({ part, call, moment = "ended", result = {} }: Match): Pick<Point, "reachedBy" | "isReached"> {
  return {
    reachedBy: "call",
    isReached: (told) =>
      told.part === part &&
      told.call === call &&
      told.moment === moment &&
      Object.entries(result).every(
        ([name, value]) => (told.result as Record<string, unknown> | null)?.[name] === value,
      ),
  };
}

const begins = "begins";

/** A wake-up of this stage was added. */
function woken(stage: string): Pick<Point, "reachedBy" | "isReached"> {
  return {
    reachedBy: "call",
    isReached: ({ part, call, moment, args }) =>
      part === "queues" &&
      call === "wake" &&
      moment === "ended" &&
      (args[0] as { stage: string }[]).some((wakeUp) => wakeUp.stage === stage),
  };
}

/** In the order of an order's life. */
export const POINTS: readonly Point[] = [
  {
    name: "before-admit",
    process: "api",
    means: "The order was read; nothing is written.",
    ...when({ part: "ledger", call: "admit", moment: begins }),
  },
  {
    name: "after-admit",
    process: "api",
    means: "The record is written; no wake-up is added, the caller has no answer.",
    ...when({ part: "ledger", call: "admit" }),
  },
  {
    name: "after-admit-wake",
    process: "api",
    means: "The wake-up is added; the caller has no answer.",
    ...woken("submit"),
  },
  {
    name: "before-intent",
    process: "worker",
    means: "A turn asks for the head of the line.",
    ...when({ part: "ledger", call: "claimSubmission", moment: begins }),
  },
  {
    name: "after-intent",
    process: "worker",
    means: "The intent is written; no connection is open.",
    ...when({ part: "ledger", call: "claimSubmission", result: { kind: "claimed" } }),
    parks: true,
  },
  {
    name: "before-post",
    process: "worker",
    means: "The connection stands and the last check has said yes; no byte is written.",
    reachedBy: "permission",
    parks: true,
    mayParkFrozen: true,
  },
  {
    name: "during-post",
    process: "worker",
    means: "The request is written; no answer has come.",
    reachedBy: "departure",
    marker: "[[submit:slow:20000]]",
    parks: true,
    mayParkFrozen: true,
  },
  {
    name: "after-post",
    process: "worker",
    means: "The answer is here; nothing of it is stored.",
    ...when({ part: "provider", call: "generateTask" }),
    parks: true,
  },
  {
    name: "after-refusal",
    process: "worker",
    means: "The provider's own 503 is here; nothing of it is stored.",
    ...when({ part: "provider", call: "generateTask", moment: "failed" }),
    marker: "[[submit:error:503:1]]",
    parks: true,
  },
  {
    name: "after-store",
    process: "worker",
    means: "The answer is stored; no poll is woken.",
    ...when({ part: "ledger", call: "learnAnswer" }),
  },
  {
    name: "after-store-wake",
    process: "worker",
    means: "The poll is woken; the turn is not ended.",
    ...woken("poll"),
  },
  {
    name: "before-look",
    process: "worker",
    means: "A look at the task begins.",
    ...when({ part: "provider", call: "statusTask", moment: begins }),
  },
  {
    name: "after-look",
    process: "worker",
    means: "The task is seen to have succeeded; nothing of it is stored.",
    ...when({ part: "provider", call: "statusTask", result: { state: "succeeded" } }),
  },
  {
    name: "after-look-store",
    process: "worker",
    means: "The success is stored; no copy is woken.",
    ...when({ part: "ledger", call: "recordLook", result: { phase: "archiving" } }),
  },
  {
    name: "after-look-wake",
    process: "worker",
    means: "The copy is woken; the look is not ended.",
    ...woken("archive"),
  },
  {
    name: "before-archive-put",
    process: "worker",
    means: "A copy into the bucket begins.",
    ...when({ part: "store", call: "archive", moment: begins }),
  },
  {
    name: "after-archive-put",
    process: "worker",
    means: "The file is in the bucket; nothing of it is stored.",
    ...when({ part: "store", call: "archive" }),
  },
  {
    name: "after-archive-store",
    process: "worker",
    means: "The video is completed; its job is not.",
    ...when({ part: "ledger", call: "recordArchive" }),
  },
  {
    name: "after-callback-store",
    process: "api",
    means: "A callback has brought a lost task back; no poll is woken, the provider has no answer.",
    ...when({ part: "ledger", call: "learnAnswer" }),
    marker: "[[submit:reset-after-accept]]",
    needsCallbacks: true,
  },
  {
    name: "after-callback-wake",
    process: "api",
    means: "The poll is woken; the provider has no answer.",
    ...woken("poll"),
    marker: "[[submit:reset-after-accept]]",
    needsCallbacks: true,
  },
];
