import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { TracingOptions } from "./tracing.ts";

/** The SDK's word for a batch that arrived. */
const ARRIVED = 0;

/**
 * An exporter that says when a collector stops taking spans and when it takes them again, each once. The SDK itself would
 * say nothing, or the same with every batch.
 */
export function tellOfDelivery(exporter: SpanExporter, logger: TracingOptions["logger"]): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { code }: { code: number } = result;
        const fails = code !== ARRIVED;
        if (fails && !isFailing) logger.warn({ err: result.error }, "traces are not taken; work goes on");
        if (!fails && isFailing) logger.info({}, "traces are taken again");
        isFailing = fails;
        done(result);
      });
    },
    forceFlush: async () => await exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
