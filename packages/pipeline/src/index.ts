export { archive, type ArchivePorts, type ResultFile } from "./archive.ts";
export {
  DELIVERY_STATES,
  deliveryId,
  type Deliveries,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryState,
  type DeliveryVerdict,
  type WebhookAnswer,
  type WebhookRequest,
  type Webhooks,
} from "./delivery.ts";
export { etaSeconds, type AccountPace, type EndedVideo, type Pace } from "./eta.ts";
export { Failure, type FailureClass, type FailureDetails, type FailureKind } from "./failure.ts";
export { manifestOf, type Manifest } from "./manifest.ts";
export { newsOf } from "./news.ts";
export { notify, type NotifyPorts } from "./notify.ts";
export {
  createLimits,
  decide,
  describeLimits,
  lookDelayMs,
  noteAccepted,
  noteFinished,
  noteLookRefused,
  noteNotSent,
  noteRefused,
  noteRunning,
  noteSent,
  noteUnanswered,
  pinLimits,
  type Certainty,
  type Decision,
  type LimitContext,
  type LimitsDescription,
  type LimitSettings,
  type LimitState,
  type RefusalHint,
} from "./limit-controller.ts";
export {
  maxCharges,
  MODEL,
  MOST_CHARGES,
  orderSchema,
  type Order,
  type OrderRequest,
  type Origin,
} from "./order.ts";
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
export { isLate, nextLookMs, type PollSettings } from "./poll-schedule.ts";
export { poll, type PollPorts } from "./poll.ts";
export { dollars, MICROS_PER_DOLLAR, priceMicros } from "./price.ts";
export type { GenerateOptions, GenerateRequest, Provider, TaskReport } from "./provider.ts";
export { rearchive, type RearchivePorts } from "./rearchive.ts";
export type {
  ArchiveFact,
  AttemptKey,
  LookFact,
  Problem,
  Reading,
  RearchiveFact,
  Records,
  Standing,
  Submission,
  SubmitFact,
} from "./records.ts";
export { retryDelayMs } from "./retry-delay.ts";
export type { StageJob } from "./stage-job.ts";
export { submit, type AccountVerdict, type Claim, type SubmitPorts, type SubmitSettings } from "./submit.ts";
export { MODES, videoInputSchema, type DurationSeconds, type Mode, type VideoInput } from "./video-input.ts";
export {
  ATTEMPT_STATES,
  chargesOf,
  currentAttempt,
  extraAttempts,
  resultSinceMs,
  type Attempt,
  type AttemptState,
  type MediaFacts,
  type StoredFile,
  type VideoRecord,
} from "./video-record.ts";
export { presentVideo, type Video } from "./video.ts";
export { MAX_WEBHOOK_BYTES, webhookBody } from "./webhook-body.ts";
export {
  WEBHOOK_EVENTS,
  wantedEvents,
  webhookType,
  type WebhookEvent,
  type WebhookType,
} from "./webhook-order.ts";
export { nextDeliveryMs } from "./webhook-schedule.ts";
export {
  jobId,
  stageOf,
  STAGES,
  summarize,
  type Errand,
  type JobSummary,
  type Stage,
  type WakeUp,
} from "./wake-up.ts";
export { watch } from "./watch.ts";
