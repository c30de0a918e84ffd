import type { AddRoute } from "../api-parts.ts";
import { addSubmitVerb } from "../submit-verb.ts";

/** `POST /v1/submit/resume`: videos that waited are submitted, in the order of the line. */
export const addResumeSubmit: AddRoute = (server, { ledger, operatorDesk }) =>
  addSubmitVerb(server, ledger, {
    ...{ path: "resume", operationId: "resumeSubmit", summary: "Hand videos to the provider again" },
    act: (by) => operatorDesk.resumeSubmit(by),
  });
