import { AsyncLocalStorage } from "node:async_hooks";
import { Failure, type Origin, type Outcome, type Stage, type StageJob } from "@rushes/pipeline";
import { NO_SPAN, type Span, type SpanFields, type Tracing } from "@rushes/telemetry";

/** A job at work, and its span once it is known which video it acts on. */
type Step = { stage: Stage; startedMs: number; span: Span | null; hasFailed: boolean };

export type Decide = (job: StageJob) => Promise<Outcome>;

/**
 * The spans of the stages. A video's life is one trace though minutes or days lie between its steps: each step's span is a
 * child of the trace context in the video's record.
 *
 * Not by bullmq-otel, which carries the context in the job. Jobs here are wake-ups that say nothing for sure: a submit job
 * is a turn, which serves the head of the line and not the video it was added for, so its work would stand in another
 * caller's trace; and what the sweep or an operator wakes has no context at all. It would besides put our results and errors
 * (in words, the provider's among them) into spans, and make a trace of every look for stalled jobs.
 */
export type StageTraces = {
  /** Each job of the stage as a span, from the moment on when its video is known. */
  stage(stage: Stage, decide: Decide): Decide;
  /** The running job turns out to be about this video. Later calls, and those outside of jobs, only add fields. */
  begin(origin: Origin | undefined, fields: SpanFields): void;
  set(fields: SpanFields): void;
  fail(code: string): void;
  /** A request to somebody else as a span within the running job's. What it throws is thrown, and fails the span. */
  request<Answer>(name: string, fields: SpanFields, work: Work<Answer>): Promise<Answer>;
};

/** What is asked of somebody else. `part` begins a span within the request's own, for `work` to end. */
export type Work<Answer> = (span: Span, part: (name: string, fields: SpanFields) => Span) => Promise<Answer>;

export function createStageTraces(tracing: Tracing): StageTraces {
  const steps = new AsyncLocalStorage<Step>();

  return {
    stage: (stage, decide) => (job) => {
      const step: Step = { stage, startedMs: Date.now(), span: null, hasFailed: false };
      return steps.run(step, async () => {
        try {
          const outcome = await decide(job);
          step.span?.set(outcomeFields(job, outcome));
          if (outcome.kind === "give-up" && !step.hasFailed) step.span?.fail("given_up");
          return outcome;
        } catch (error) {
          step.span?.fail(codeOf(error));
          throw error;
        } finally {
          step.span?.end();
        }
      });
    },

    begin(origin, fields) {
      const step = steps.getStore();
      if (!step) return;
      if (step.span) return step.span.set(fields);
      step.span = tracing.begin(step.stage, {
        kind: "consumer",
        parent: origin?.traceparent,
        // A turn may have waited long for its place: that is the time of the line, and not of the video it got.
        startedMs: step.stage === "submit" ? undefined : step.startedMs,
        fields: { "messaging.system": "bullmq", "messaging.destination.name": step.stage, ...fields },
      });
    },

    set: (fields) => steps.getStore()?.span?.set(fields),
    fail(code) {
      const step = steps.getStore();
      if (!step) return;
      step.hasFailed = true;
      step.span?.fail(code);
    },

    async request(name, fields, work) {
      const parent = steps.getStore()?.span;
      // What is asked outside of jobs, such as balances.
      if (!parent) return await work(NO_SPAN, () => NO_SPAN);
      const span = tracing.begin(name, { kind: "client", parent, fields });
      try {
        return await work(span, (part, more) =>
          tracing.begin(part, { kind: "client", parent: span, fields: more }),
        );
      } catch (error) {
        if (error instanceof Failure) {
          span.set({
            "http.response.status_code": error.httpStatus,
            "rushes.failure.kind": error.kind,
          });
        }
        span.fail(codeOf(error));
        throw error;
      } finally {
        span.end();
      }
    },
  };
}

function outcomeFields(job: StageJob, { kind, next = [] }: Outcome): SpanFields {
  return {
    "rushes.outcome": kind,
    "rushes.errand": job.errand === "follow" ? undefined : job.errand,
    ...(next.length === 0 ? {} : { "rushes.next": next.map(({ stage }) => stage) }),
  };
}

export function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.code;
  return error instanceof Error ? error.name : "unknown";
}
