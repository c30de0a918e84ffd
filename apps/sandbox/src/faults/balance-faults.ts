import { gatewayPage, refusal, success } from "../answer.ts";
import type { BalanceFault } from "./fault.ts";

export const BALANCE_FAULTS: readonly BalanceFault[] = [
  {
    at: "balance",
    name: "balance:error",
    does: "An error in the provider's envelope.",
    argument: { name: "status", default: 500 },
    answer: (_balance, { number }) => refusal(number),
  },
  {
    at: "balance",
    name: "balance:page",
    does: "An HTML page of a gateway.",
    argument: { name: "status", default: 502 },
    answer: (_balance, { number }) => gatewayPage(number),
  },
  { at: "balance", name: "balance:null", does: "`data` is null.", answer: () => success(null) },
  {
    at: "balance",
    name: "balance:text",
    does: "The amount is a string.",
    answer: (balanceUsd) => success(balanceUsd.toFixed(4)),
  },
  { at: "balance", name: "balance:hang", does: "No answer ever comes.", answer: () => ({ kind: "hang" }) },
];
