import type { FastifyInstance } from "fastify";
import type { Ledger } from "@rushes/ledger";
import { sendUnconfirmedAway, sendUnconfirmedPage } from "./unconfirmed-page.ts";

export type UnconfirmedParts = {
  ledger: Pick<Ledger, "listUnconfirmed" | "readMany" | "readTotals">;
  apiUrl: string;
  isRedisThere: () => boolean;
};

/** `/unconfirmed`, for everybody who may log in. It only shows. */
export function addUnconfirmedPage(app: FastifyInstance, parts: UnconfirmedParts): void {
  const { ledger, apiUrl, isRedisThere } = parts;
  app.get("/unconfirmed", async (_request, reply) => {
    if (!isRedisThere()) return sendUnconfirmedAway(reply);
    const [ids, totals] = await Promise.all([ledger.listUnconfirmed(0), ledger.readTotals()]);
    const readings = await ledger.readMany(ids);
    return sendUnconfirmedPage(reply, {
      // One that was settled while the list was read is no longer of it.
      readings: readings.filter(({ record }) => record.phase === "unconfirmed"),
      count: totals.phases.unconfirmed,
      micros: totals.unconfirmedMicros,
      apiUrl,
    });
  });
}
