import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { createMetrics } from "@rushes/telemetry";
import { expect, test } from "vitest";
import { parse } from "yaml";

const run = promisify(execFile);
const FOLDER = resolve(import.meta.dirname, "../../deploy/prometheus");
const read = (path: string): string => readFileSync(resolve(FOLDER, path), "utf8");

type Rule = {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
};
type Rules = { groups: { rules: Rule[] }[] };
type UnitTests = { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] };

const rules = (parse(read("rushes.rules.yml")) as Rules).groups.flatMap((group) => group.rules);
const runbooks = read("../../docs/runbooks.md");

/** From Debian's package `prometheus`. */
const hasPromtool = await run("promtool", ["--version"]).then(
  () => true,
  () => false,
);
const why = hasPromtool ? "" : " (left out: no promtool here; on Debian: apt-get install prometheus)";

test.skipIf(!hasPromtool)(`promtool finds nothing wrong with the rules${why}`, async () => {
  const { stdout } = await run("promtool", ["check", "rules", "rushes.rules.yml"], { cwd: FOLDER });
  expect(stdout).toContain(`${rules.length} rules found`);
});

test.skipIf(!hasPromtool)(`each alert fires when it should, and not before${why}`, async () => {
  const { stdout } = await run("promtool", ["test", "rules", "rushes.rules.test.yml"], { cwd: FOLDER });
  expect(stdout).toContain("SUCCESS");
});

test("each alert has a case in which it is silent and one in which it fires", () => {
  const cases = (parse(read("rushes.rules.test.yml")) as UnitTests).tests.flatMap(
    (one) => one.alert_rule_test,
  );
  const named = (isSilent: boolean): string[] =>
    cases
      .filter(({ exp_alerts: expected }) => (expected.length === 0) === isSilent)
      .map(({ alertname }) => alertname);
  for (const { alert } of rules) {
    expect(named(true), alert).toContain(alert);
    expect(named(false), alert).toContain(alert);
  }
});

test("every metric that a rule names exists", async () => {
  const { body } = await createMetrics().render();
  const known = new Set(
    [...body.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = "", kind]) =>
      kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  const named = rules.flatMap(({ expr }) => expr.match(/\brushes_\w+/g) ?? []);
  expect(named.length).toBeGreaterThan(rules.length);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test("each alert has its section in the runbooks, and each section its alert", () => {
  const sections = [...runbooks.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);
  expect(sections).toEqual(rules.map(({ alert }) => alert));
  for (const { alert, annotations } of rules)
    expect(annotations.runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
});

test("an alert either wakes somebody or waits for the morning", () => {
  for (const { alert, labels } of rules) expect(["page", "ticket"], alert).toContain(labels.severity);
});
