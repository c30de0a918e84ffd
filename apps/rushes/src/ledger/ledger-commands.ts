import type { Command } from "../commands.ts";

/** What is read from Redis itself, at REDIS_URL. */
export const LEDGER_COMMANDS: Readonly<Record<string, Command>> = {
  "ledger export": {
    summary: "print every attempt and what it cost as NDJSON, to match against the provider's bill",
    flags: { sums: "sums per day, mode and account instead of rows" },
    values: {
      from: { takes: "time", about: "only attempts from this day (UTC) or moment on" },
      to: { takes: "time", about: "only attempts before this day (UTC) or moment" },
      outcome: { takes: "word", about: "only accepted, refused, not_sent, unconfirmed, adopted, …" },
      account: { takes: "name", about: "only attempts at this account" },
    },
    examples: [
      "ledger export --from 2026-11-01 --to 2026-12-01 > november.ndjson",
      "ledger export --outcome unconfirmed",
      "ledger export --from 2026-11-01 --sums",
    ],
    run: async (flags, { environment }, { values }) => {
      // With the ledger and its scripts, which every other command would wait for.
      const { parseChargeQuery } = await import("./charge-query.ts");
      const { exportLedger } = await import("./export-ledger.ts");
      return await exportLedger({
        environment,
        query: parseChargeQuery(values),
        sums: flags["sums"] === true,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    },
  },
};
