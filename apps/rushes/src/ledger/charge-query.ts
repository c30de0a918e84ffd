import { CHARGE_OUTCOMES, type ChargeQuery } from "@rushes/ledger";
import { UsageProblem } from "../usage-problem.ts";

const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * What was asked for on the command line. A day means its beginning in UTC; `to` itself is left out.
 *
 * @throws UsageProblem
 */
export function parseChargeQuery(values: Readonly<Record<string, string | undefined>>): ChargeQuery {
  const [fromMs, toMs] = [parseMoment("from", values["from"]), parseMoment("to", values["to"])];
  const outcome = CHARGE_OUTCOMES.find((known) => known === values["outcome"]);
  const account = values["account"];
  if (values["outcome"] !== undefined && outcome === undefined) {
    throw new UsageProblem(`--outcome is one of ${CHARGE_OUTCOMES.join(", ")}.`);
  }
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw new UsageProblem("--from must be before --to, which is left out itself.");
  }
  return {
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(account === undefined ? {} : { account }),
  };
}

function parseMoment(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = DAY.test(text) || MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  // February 30 is not March 2.
  const isReal = !Number.isNaN(ms) && (!DAY.test(text) || new Date(ms).toISOString().startsWith(text));
  if (!isReal) {
    throw new UsageProblem(`--${name} takes a day, 2026-11-24, or a moment, 2026-11-24T18:30:00Z.`);
  }
  return ms;
}
