export { Failure, type FailureClass, type FailureDetails, type FailureKind } from "./failure.ts";
export type { Outcome } from "./outcome.ts";
export {
  FINAL_PHASES,
  isFinal,
  PHASES,
  phasesOf,
  STATUSES,
  statusOf,
  type Phase,
  type Status,
} from "./phase.ts";
export { dollars, MICROS_PER_DOLLAR, priceMicros } from "./price.ts";
export type { GenerateOptions, GenerateRequest, Provider, TaskReport } from "./provider.ts";
export { MODES, videoInputSchema, type DurationSeconds, type Mode, type VideoInput } from "./video-input.ts";
export { jobId, STAGES, type Stage, type WakeUp } from "./wake-up.ts";
