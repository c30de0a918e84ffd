import type { Finding } from "@rushes/preflight";

/** The AWS SDK stops supporting what is older in January 2027. */
const LEAST_NODE = 22;
/** What every test runs on. */
const TESTED_NODE = 24;

/** The Node.js that runs this command is mostly the one that runs the processes too. */
export function checkNode(version: string): Finding {
  const check = "node";
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  const fix = `run Node.js ${TESTED_NODE}`;
  if (major < LEAST_NODE) return { check, found: version, verdict: "refuse", fix, lasting: true };
  if (major < TESTED_NODE) return { check, found: version, verdict: "warn", fix };
  return { check, found: version, verdict: "ok" };
}
