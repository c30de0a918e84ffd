import type { Ledger } from "@rushes/ledger";
import type { Order } from "@rushes/pipeline";

/** The orders of these videos by id, for the summaries on their jobs; videos that are gone are left out. */
export async function readOrders(
  ledger: Pick<Ledger, "readMany">,
  claims: readonly { videoId: string }[],
): Promise<Map<string, Order>> {
  const readings = await ledger.readMany(claims.map(({ videoId }) => videoId));
  return new Map(readings.map(({ record, order }) => [record.id, order]));
}
