import { expect, test } from "vitest";
import { z } from "zod";
import { EnvironmentProblem, parseEnvironment } from "./parse-environment.ts";
import { collectorSecrets, traceExport } from "./trace-export.ts";

const parse = (environment: Record<string, string>) => parseEnvironment(z.object(traceExport), environment);

test("without variables no collector is named", () => {
  expect(parse({})).toEqual({
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_TRACES_SAMPLER: "parentbased_always_on",
    OTEL_TRACES_SAMPLER_ARG: 1,
  });
});

test.each(["0", "0.25", "1", "1.0"])("a share of %s is taken", (share) => {
  expect(parse({ OTEL_TRACES_SAMPLER_ARG: share }).OTEL_TRACES_SAMPLER_ARG).toBe(Number(share));
});

test("what cannot be used is named, all at once", () => {
  const wrong = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_TRACES_SAMPLER: "sometimes",
    OTEL_TRACES_SAMPLER_ARG: "1.5",
  };
  let problem: unknown;
  try {
    parse(wrong);
  } catch (error) {
    problem = error;
  }
  const problems = problem instanceof EnvironmentProblem ? problem.problems : [];
  expect(problems.map(({ variable }) => variable)).toEqual(Object.keys(wrong));
});

test("the collector's headers are secrets, whole and each value, as they stand there and decoded", () => {
  const settings = parse({ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-team=film%" });
  expect(JSON.stringify(settings)).not.toContain("abc");
  expect(collectorSecrets(settings)).toEqual([
    "authorization=Bearer%20abc, x-team=film%",
    "Bearer%20abc",
    "film%",
    "Bearer abc",
    "film%",
  ]);
  expect(collectorSecrets(parse({}))).toEqual([]);
});
