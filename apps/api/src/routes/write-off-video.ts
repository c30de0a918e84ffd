import type { AddRoute } from "../api-parts.ts";
import { addBodilessVerb } from "../bodiless-verb.ts";

/** `POST /v1/videos/{id}/write-off`: an unconfirmed video fails, and what it may have cost is booked as spent. */
export const addWriteOffVideo: AddRoute = (server, { ledger, operatorDesk }) =>
  addBodilessVerb(server, ledger, {
    path: "write-off",
    operationId: "writeOffVideo",
    summary: "Give up a video whose answer was lost, and count its money as spent",
    verb: "write off",
    done: "written_off",
    act: (id, by) => operatorDesk.writeOff(id, by),
  });
