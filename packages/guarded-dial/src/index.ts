export { createDialGuard, type DialGuard, type DialRules } from "./dial-guard.ts";
export { isPublicAddress } from "./public-address.ts";
