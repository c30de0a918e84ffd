import { z } from "zod";
import { secretText } from "./settings.ts";
import { setting } from "./setting.ts";
import { httpUrl } from "./web-address.ts";

/** As OpenTelemetry names them. `parentbased_`: whoever began a trace has decided for all that follows. */
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/**
 * OpenTelemetry's own variables, of those that decide whether and which traces are sent. Its exporter reads those about
 * the way there itself (`OTEL_EXPORTER_OTLP_TIMEOUT`, `…_COMPRESSION`, `…_CERTIFICATE`), and so does its resource
 * (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`).
 */
export const traceExport = {
  /** The collector's address for OTLP over HTTP, without `/v1/traces`. Unset = no traces, and nothing loaded for them. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(["http/protobuf", "http/json"]).default("http/protobuf"),
  /** Read by the exporter; here to be kept out of logs and spans. */
  OTEL_EXPORTER_OTLP_HEADERS: secretText("headers as name=value, comma-separated").optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default("parentbased_always_on"),
  /** The share of traces that a `traceidratio` sampler keeps. */
  OTEL_TRACES_SAMPLER_ARG: setting(
    "must be a number from 0 to 1",
    (text) => (/^(0(\.\d+)?|1(\.0+)?)$/.test(text) ? Number(text) : undefined),
    1,
  ),
};

export type TraceExport = z.output<z.ZodObject<typeof traceExport>>;

/** Where traces go and which, as `openTracing` of `telemetry` takes it. */
export function collectorOf(settings: TraceExport) {
  return {
    endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    protocol: settings.OTEL_EXPORTER_OTLP_PROTOCOL,
    sampler: settings.OTEL_TRACES_SAMPLER,
    samplerShare: settings.OTEL_TRACES_SAMPLER_ARG,
  };
}

/** What must not be printed of the collector's headers: all of them together, and each value. */
export function collectorSecrets({ OTEL_EXPORTER_OTLP_HEADERS: headers }: TraceExport): string[] {
  if (!headers) return [];
  const all = headers.reveal();
  const values = all.split(",").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  return [all, ...values, ...values.map(decoded)];
}

/** Values are percent-encoded, as in W3C's baggage; a lone per cent sign is not decoded by anybody. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
