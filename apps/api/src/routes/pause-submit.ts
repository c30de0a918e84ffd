import type { AddRoute } from "../api-parts.ts";
import { addSubmitVerb } from "../submit-verb.ts";

/**
 * `POST /v1/submit/pause`: once it is answered no worker begins to pay for anything; what is in the middle of its POST is
 * finished, and what is submitted goes on. Orders are taken and wait.
 */
export const addPauseSubmit: AddRoute = (server, { ledger, operatorDesk }) =>
  addSubmitVerb(server, ledger, {
    ...{ path: "pause", operationId: "pauseSubmit", summary: "Hand nothing new to the provider" },
    act: (by) => operatorDesk.pauseSubmit(by),
  });
