export { SWEEP_GRACE_MS, type Admission, type AdmissionRequest } from "./admission.ts";
export { createCallbackTokens, type CallbackTokens } from "./callback-tokens.ts";
export { KEY_PREFIX } from "./keys.ts";
export {
  createLedger,
  SWEEP_BATCH,
  type Ledger,
  type LedgerEvent,
  type LedgerSettings,
  type LineClaim,
  type Overdue,
  type Totals,
} from "./ledger.ts";
export type { ListingQuery } from "./listing.ts";
export { readScriptFile, type ReadScript } from "./scripts.ts";
export { startPlaceGate, type ClaimedPlace, type PlaceGate, type PlaceGateOptions } from "./place-gate.ts";
