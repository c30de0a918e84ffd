import type { AddRoute } from "../api-parts.ts";
import { addBodilessVerb } from "../bodiless-verb.ts";

/** `POST /v1/videos/{id}/poll`: the next look at the running task is now. */
export const addPollVideo: AddRoute = (server, { ledger, operatorDesk }) =>
  addBodilessVerb(server, ledger, {
    path: "poll",
    operationId: "pollVideo",
    summary: "Look at the running task of a video now",
    verb: "poll",
    done: "hurried",
    act: (id) => operatorDesk.pollNow(id),
  });
