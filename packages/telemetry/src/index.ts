export { announceCalls, CALLS_CHANNEL, type AnnouncedCall } from "./announce-calls.ts";
export { describeError, type DescribedError } from "./describe-error.ts";
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from "./logger.ts";
export {
  createMetrics,
  OPERATIONS,
  SUBMIT_RESULTS,
  WEBHOOK_RESULTS,
  type Counting,
  type Metrics,
  type Operation,
  type Gauging,
  type SubmitResult,
  type Timing,
  type Totals,
  type WebhookResult,
} from "./metrics.ts";
export { scrubText } from "./scrub-text.ts";
export { statusLabel, type StatusLabel } from "./status-label.ts";
export {
  NO_SPAN,
  openTracing,
  type Sampler,
  type Span,
  type SpanFields,
  type SpanStart,
  type Tracing,
  type TracingOptions,
} from "./tracing.ts";
