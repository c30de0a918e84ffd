export { noteAudit, type AuditNote } from "./audit-log.ts";
export { SWEEP_GRACE_MS, type Admission, type AdmissionRequest } from "./admission.ts";
export { MOST_IN_BATCH, type BatchAdmission, type BatchRequest } from "./batch-admission.ts";
export { createCallbackTokens, type CallbackTokens } from "./callback-tokens.ts";
export { createChangeFeed, type ChangeFeed } from "./change-feed.ts";
export { sumCharges, type ChargeSum } from "./charge-sums.ts";
export {
  CHARGE_OUTCOMES,
  readCharges,
  type Charge,
  type ChargeOutcome,
  type ChargeQuery,
} from "./charges.ts";
export { KEY_PREFIX } from "./keys.ts";
export { OUTBOX_BATCH, type DeliveryLedger, type OverdueDelivery, type Replay } from "./deliveries.ts";
export {
  createLedger,
  SWEEP_BATCH,
  type AccountStanding,
  type Ledger,
  type LedgerEvent,
  type LedgerSettings,
  type Overdue,
  type Watched,
} from "./ledger.ts";
export type { SubmitPause, SubmitSwitch } from "./submit-switch.ts";
export type { Totals } from "./totals.ts";
export {
  describeView,
  type AccountLimits,
  type LimitBook,
  type LimitsView,
  type PinnedLimits,
} from "./limit-book.ts";
export type { LineClaim } from "./limited-claims.ts";
export type { ListingQuery } from "./listing.ts";
export { UNCONFIRMED_BATCH, type AuditEntry, type OperatorVerbs } from "./operator-verbs.ts";
export type { Outlook } from "./outlook.ts";
export { readScriptFile, type ReadScript } from "./scripts.ts";
export { startPlaceGate, type ClaimedPlace, type PlaceGate, type PlaceGateOptions } from "./place-gate.ts";
export { findVideos } from "./find-videos.ts";
export { MOST_SAMPLES, type LimitSample } from "./limit-history.ts";
export {
  createOverview,
  type EndedTask,
  type FailedVideo,
  type InFlight,
  type MoneyToday,
  type Overview,
  WAITING_PHASES,
} from "./overview.ts";
export {
  createWorkerRoll,
  readWorkerRoll,
  type SeenWorker,
  type WorkerRoll,
  type WorkerSign,
} from "./worker-roll.ts";
