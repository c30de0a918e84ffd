import { setTimeout as sleep } from "node:timers/promises";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context } from "@opentelemetry/api";
import type * as otel from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
  type Resource,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler as OtelSampler,
} from "@opentelemetry/sdk-trace";
import { spellings, scrubText } from "./scrub-text.ts";
import { tellOfDelivery } from "./told-exporter.ts";
import {
  NO_SPAN,
  type Span,
  type SpanFields,
  type SpanStart,
  type Tracing,
  type TracingOptions,
} from "./tracing.ts";

/**
 * How long the end of a process waits for the last spans. A collector that is there takes them in a moment, and one that
 * is not must not use up the time in which work is finished.
 */
const FLUSH_MS = 3_000;
/** Spans that wait for a collector; those beyond are dropped. Twice the SDK's own, for a burst of looks is one span each. */
const MAX_WAITING_SPANS = 4_096;
/** A field is an id or a word. What is longer is none of ours. */
const MAX_FIELD_CHARACTERS = 256;

const KINDS: Record<SpanStart["kind"], SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};

/**
 * OpenTelemetry's SDK, as it is used here. Nothing is registered globally and nothing is patched: every span is begun by our
 * own code with a parent that it names, because a video's trace is not found by following calls. It is in its record.
 */
export function startOtlpTracing(options: TracingOptions & { endpoint: string }): Tracing {
  const { logger } = options;
  const provider = new TracerProvider({
    resource: resourceOf(options.serviceName),
    sampler: samplerOf(options),
    spanLimits: { attributeValueLengthLimit: MAX_FIELD_CHARACTERS },
    spanProcessors: [
      new BatchSpanProcessor({ exporter: exporterOf(options), maxQueueSize: MAX_WAITING_SPANS }),
    ],
  });
  const tracer = provider.getTracer("rushes");
  const attributesOf = scrubber(options.secrets);
  /** The SDK's spans behind ours, so that a parent in this process need not be read back from its text. */
  const contexts = new WeakMap<Span, Context>();

  function contextOf(parent: SpanStart["parent"]): Context {
    if (typeof parent === "string") return remoteContext(parent);
    return (parent && contexts.get(parent)) ?? ROOT_CONTEXT;
  }

  function begin(name: string, { kind, parent, startedMs, fields = {} }: SpanStart): Span {
    const own = tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes: attributesOf(fields),
        ...(startedMs === undefined ? {} : { startTime: startedMs }),
      },
      contextOf(parent),
    );
    const span: Span = {
      traceparent: traceparentOf(own.spanContext()),
      set: (more) => safely(() => own.setAttributes(attributesOf(more)), undefined),
      fail: (code) =>
        safely(() => {
          const attributes = attributesOf({ "error.type": code });
          own.setAttributes(attributes);
          own.setStatus({ code: SpanStatusCode.ERROR, message: String(attributes["error.type"]) });
        }, undefined),
      end: () => safely(() => own.end(), undefined),
    };
    contexts.set(span, trace.setSpan(ROOT_CONTEXT, own));
    return span;
  }

  logger.info({ collector: new URL(options.endpoint).host, sampler: options.sampler }, "traces are sent");
  return {
    name: "traces",
    begin: (name, start) => safely(() => begin(name, start), NO_SPAN),
    async stop(signal) {
      const enough = new AbortController();
      const patience = sleep(FLUSH_MS, undefined, { signal: AbortSignal.any([signal, enough.signal]) });
      // What a collector says at the end is nobody's concern any more; `tellOfDelivery` has said whether it is there.
      await Promise.race([provider.shutdown(), patience]).catch(() => {});
      enough.abort();
      await patience.catch(() => {});
    },
  };
}

/**
 * A span stands around a POST that costs money. If making one ever fails, the work must not notice: what `generateTask`
 * throws would be taken for an answer that was lost.
 */
function safely<Answer>(make: () => Answer, otherwise: Answer): Answer {
  try {
    return make();
  } catch {
    return otherwise;
  }
}

function exporterOf({ endpoint, protocol, logger }: TracingOptions & { endpoint: string }) {
  const url = `${endpoint}/v1/traces`;
  const exporter = protocol === "http/json" ? new JsonExporter({ url }) : new ProtobufExporter({ url });
  return tellOfDelivery(exporter, logger);
}

function resourceOf(serviceName: string): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ "service.name": serviceName }))
    .merge(
      detectResources({
        detectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
      }),
    );
}

/** OTEL_TRACES_SAMPLER, which this SDK leaves to whoever sets it up. */
function samplerOf({ sampler, samplerShare }: TracingOptions): OtelSampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(samplerShare),
  };
  switch (sampler) {
    case "always_on":
    case "always_off":
    case "traceidratio":
      return root[sampler]();
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: root.always_on() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: root.always_off() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: root.traceidratio() });
  }
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What is no trace context begins a trace, as its standard says. */
function remoteContext(traceparent: string): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}

function traceparentOf({ traceId, spanId, traceFlags }: otel.SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

function scrubber(secrets: () => readonly string[]): (fields: SpanFields) => otel.Attributes {
  return (fields) => {
    const known = spellings(secrets());
    const scrubbed: otel.Attributes = {};
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string") scrubbed[name] = scrubText(value, known);
      else if (typeof value === "object") scrubbed[name] = value.map((text) => scrubText(text, known));
      else if (value !== undefined) scrubbed[name] = value;
    }
    return scrubbed;
  };
}
