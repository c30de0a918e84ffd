import { stdout } from "node:process";
import { median } from "../quantile.ts";
import { learned } from "../limits/contenders/learned.ts";
import { knownLimits } from "../limits/contenders/known-limits.ts";
import { SCENARIOS } from "../limits/scenarios.ts";
import { simulate } from "../limits/simulate.ts";
import { runSystem, SPEED, type SystemRun } from "./run-system.ts";

/** Of the ten scenarios those whose limits stay as they are and that the sandbox can keep. */
const NAMES = ["A", "B", "D", "H", "J"];
const BLOCKED_BESIDE = "A";
const MINUTE_MS = 60_000;
const DEFAULT_MINUTES = 40;
const SEEDS = [1, 2, 3, 4, 5, 6, 7];

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/**
 * The limits' controller in the running system, against the same function in virtual time and against limits known, in
 * one table. `[minutes]` of the provider's time per account; the system runs them so many times as fast. `blocked
 * [minutes] [scenario]`: whether an account without balance costs nine others anything.
 */
export async function runRunning([what = String(DEFAULT_MINUTES), ...rest]: string[]): Promise<void> {
  if (what === "blocked") await compareBlocked(...rest);
  else await compareWithVirtualTime(what);
}

/** Nine accounts beside one without balance, against the same nine alone. */
async function compareBlocked(minutes = String(DEFAULT_MINUTES), scenario = BLOCKED_BESIDE): Promise<void> {
  const account = SCENARIOS.find(({ name }) => name === scenario);
  if (!account) throw new RangeError(`no scenario is called ${scenario}`);
  const durationMs = durationOf(minutes);
  const healthy = Array.from({ length: 9 }, (_, index) => ({ key: `sk-healthy-${index}`, isEmpty: false }));
  const empty = { key: "sk-empty", isEmpty: true };
  const alone = await runSystem(account, durationMs, tell, healthy);
  const beside = await runSystem(account, durationMs, tell, [empty, ...healthy]);
  stdout.write(
    `\r\u001B[KNine accounts (${account.about}): alone ${alone.accepted} accepted, beside one without balance ${beside.accepted}: ${(beside.accepted / alone.accepted).toFixed(3)}\n`,
  );
}

const tell = (line: string): void => void stdout.write(`\r${line}\u001B[K`);

function durationOf(minutes: string): number {
  const durationMs = Number(minutes) * MINUTE_MS;
  if (!(durationMs > 0)) throw new RangeError("the minutes must be a number above 0");
  return durationMs;
}

async function compareWithVirtualTime(minutes: string): Promise<void> {
  const durationMs = durationOf(minutes);
  stdout.write(
    `${minutes} minutes of the provider's time per account at ${SPEED} times the speed; 2 worker processes, real Redis, the sandbox over HTTP.\n\n`,
  );
  stdout.write(
    "| account | limits known | simulated | running | running / simulated | waste simulated | waste running |\n",
  );
  stdout.write("|---|---:|---:|---:|---:|---:|---:|\n");
  for (const account of SCENARIOS.filter(({ name }) => NAMES.includes(name))) {
    const runs = SEEDS.map((seed) => simulate(account, learned, { seed, durationMs }));
    const known = median(SEEDS.map((seed) => simulate(account, knownLimits, { seed, durationMs }).accepted));
    const simulated = median(runs.map(({ accepted }) => accepted));
    const waste = median(runs.map(({ refused, submits }) => refused / submits));
    const system: SystemRun = await runSystem(account, durationMs, tell);
    stdout.write("\r\u001B[K");
    const cells = [
      `${account.name} ${account.about}`,
      ...[known, simulated, system.accepted].map((count) => count.toFixed(0)),
      (system.accepted / simulated).toFixed(3),
      percent(waste),
      percent(system.refused / (system.accepted + system.refused)),
    ];
    stdout.write(`| ${cells.join(" | ")} |\n`);
  }
}
