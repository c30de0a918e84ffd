import type { AddRoute } from "../api-parts.ts";
import { addBodilessVerb } from "../bodiless-verb.ts";

/**
 * `POST /v1/videos/{id}/rearchive`: what the bucket has lost of a video is fetched from the provider again, while it still
 * has it. 202 means that it is noted; `rearchive` tells how that goes.
 */
export const addRearchiveVideo: AddRoute = (server, { ledger, operatorDesk }) =>
  addBodilessVerb(server, ledger, {
    path: "rearchive",
    operationId: "rearchiveVideo",
    summary: "Fetch the files of a video again that the bucket has lost; nothing is generated or overwritten",
    verb: "rearchive",
    done: "requested",
    act: (id, by) => operatorDesk.rearchive(id, by),
  });
