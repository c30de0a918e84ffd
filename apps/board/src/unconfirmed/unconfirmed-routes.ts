import type { FastifyInstance } from "fastify";
import type { Ledger } from "@rushes/ledger";
import { sendBoardPage, sendRedisAway } from "../pages/board-page.ts";
import { unconfirmedBody } from "./unconfirmed-page.ts";

const TITLE = "Unconfirmed videos";
const PLACE = "/unconfirmed";

export type UnconfirmedParts = {
  ledger: Pick<Ledger, "listUnconfirmed" | "readMany" | "readTotals">;
  isRedisThere: () => boolean;
};

/** `/unconfirmed`, for everybody who may log in. It only shows. */
export function addUnconfirmedPage(app: FastifyInstance, parts: UnconfirmedParts): void {
  const { ledger, isRedisThere } = parts;
  app.get(PLACE, async (request, reply) => {
    const { user } = request;
    if (!isRedisThere()) return sendRedisAway(reply, { title: TITLE, user, place: PLACE });
    const [ids, totals] = await Promise.all([ledger.listUnconfirmed(0), ledger.readTotals()]);
    const readings = await ledger.readMany(ids);
    return sendBoardPage(reply, {
      title: TITLE,
      user,
      place: PLACE,
      body: unconfirmedBody({
        // One that was settled while the list was read is no longer of it.
        readings: readings.filter(({ record }) => record.phase === "unconfirmed"),
        count: totals.phases.unconfirmed,
        micros: totals.unconfirmedMicros,
      }),
    });
  });
}
