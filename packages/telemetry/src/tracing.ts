import type { Logger } from "pino";

/**
 * What a span may carry: ids, counts, names from short lists. Never a prompt, a whole URL or a message: those are other
 * people's words and may hold anything. Texts are scrubbed like log lines all the same. Undefined is left out.
 */
export type SpanFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export type SpanStart = {
  /** `server`: a request that we answer; `client`: one that we send; `consumer`: the work of a job. */
  kind: "server" | "client" | "consumer";
  /** The span that it is part of: one of this process, or a W3C `traceparent` from anywhere. Without one a trace begins. */
  parent?: Span | string | undefined;
  /** When it began, Unix milliseconds; now unless given. */
  startedMs?: number | undefined;
  fields?: SpanFields;
};

/** A stretch of time in a trace. Nothing here throws or waits, whatever becomes of the trace. */
export type Span = {
  /** For what comes of it in other processes; undefined where no span could be made. */
  traceparent: string | undefined;
  set(fields: SpanFields): void;
  /** Marks it as failed. @param code machine-readable, as in `Failure`; messages do not belong here */
  fail(code: string): void;
  end(): void;
};

/** Where no span is kept, and whoever has one to set, fail or end need not know it. */
export const NO_SPAN: Span = { traceparent: undefined, set() {}, fail() {}, end() {} };

export type Tracing = {
  name: "traces";
  begin(name: string, start: SpanStart): Span;
  /** Sends what is still here, for a few seconds at most and no longer than the signal allows. Never fails. */
  stop(signal: AbortSignal): Promise<void>;
};

export type TracingOptions = {
  /** The collector's address, without `/v1/traces`. Undefined = no traces. */
  endpoint: string | undefined;
  protocol: "http/protobuf" | "http/json";
  sampler: Sampler;
  /** Of a `traceidratio` sampler: the share of traces that is kept, 0 to 1. */
  samplerShare: number;
  /** `service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES says otherwise. */
  serviceName: string;
  /** Masked wherever they turn up. */
  secrets: () => readonly string[];
  logger: Pick<Logger, "info" | "warn">;
};

/** The values of OTEL_TRACES_SAMPLER that are known here. */
export type Sampler = `${"" | "parentbased_"}${"always_on" | "always_off" | "traceidratio"}`;

/**
 * Where spans go. Null when no collector is named: then nothing of OpenTelemetry is loaded, and whoever gets null leaves
 * everything as it is without traces.
 */
export async function openTracing(options: TracingOptions): Promise<Tracing | null> {
  const { endpoint } = options;
  if (endpoint === undefined) return null;
  // The only way to that file, so that a process without a collector pays neither time nor memory for it.
  const { startOtlpTracing } = await import("./otlp-tracing.ts");
  return startOtlpTracing({ ...options, endpoint });
}
