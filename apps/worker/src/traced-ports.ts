import {
  currentAttempt,
  deliveryId,
  Failure,
  type Deliveries,
  type Problem,
  type Provider,
  type Records,
  type Stage,
  type Standing,
  type VideoRecord,
  type Webhooks,
} from "@rushes/pipeline";
import type { Span, SpanFields, Tracing } from "@rushes/telemetry";
import type { VideoStore } from "@rushes/video-store";
import type { ObservedRecords } from "./observed-records.ts";
import { codeOf, createStageTraces, type Decide, type StageTraces } from "./stage-traces.ts";

export type Copies = Pick<VideoStore, "archive" | "storeManifest">;
export type Reader = Pick<Records, "read">;

/** The stages and what they use, each as it was, and seen in traces. */
export type TracedPorts = {
  stage(stage: Stage, decide: Decide): Decide;
  records(records: ObservedRecords): ObservedRecords;
  reader(reader: Reader): Reader;
  /** @param host of the provider */
  provider(provider: Provider, account: string, host: string): Provider;
  copies(copies: Copies): Copies;
  deliveries(deliveries: Deliveries): Deliveries;
  webhooks(webhooks: Webhooks): Webhooks;
};

/** Without a collector everything is the very thing that it was. */
export const UNTRACED: TracedPorts = {
  stage: (_, decide) => decide,
  records: (records) => records,
  reader: (reader) => reader,
  provider: (provider) => provider,
  copies: (copies) => copies,
  deliveries: (deliveries) => deliveries,
  webhooks: (webhooks) => webhooks,
};

export function tracePorts(tracing: Tracing | null): TracedPorts {
  if (tracing === null) return UNTRACED;
  const traces = createStageTraces(tracing);
  return {
    stage: (stage, decide) => traces.stage(stage, decide),
    records: (records) => tracedRecords(records, traces),
    reader: (reader) => ({ read: tracedRead((videoId) => reader.read(videoId), traces) }),
    provider: (provider, account, host) => tracedProvider(provider, traces, account, host),
    copies: (copies) => tracedCopies(copies, traces),
    deliveries: (deliveries) => tracedDeliveries(deliveries, traces),
    webhooks: (webhooks) => tracedWebhooks(webhooks, traces),
  };
}

/** The record says whose trace a job belongs to, and what is stored in it what came of the job. */
function tracedRecords(records: ObservedRecords, traces: StageTraces): ObservedRecords {
  const stands = (standing: Standing, fields: SpanFields, problem?: Problem): Standing => {
    traces.set({ ...fields, "rushes.result": standing.result, "rushes.phase.after": standing.phase });
    if (problem) traces.fail(problem.code);
    return standing;
  };
  return {
    ...records,
    read: tracedRead((videoId) => records.read(videoId), traces),

    noteIntent(submission) {
      const { order, videoId, number, account } = submission;
      traces.begin(order.origin, {
        "rushes.video.id": videoId,
        "rushes.mode": order.input.mode,
        "rushes.phase.before": "queued",
        "rushes.attempt": number,
        "rushes.account": account,
      });
      records.noteIntent(submission);
    },

    async learnAnswer(attempt, fact) {
      const standing = await records.learnAnswer(attempt, fact);
      if (fact.fact === "unknown") traces.fail("unconfirmed");
      const taskId = fact.fact === "accepted" ? fact.taskId : undefined;
      const fields = { "rushes.fact": fact.fact, "rushes.task.id": taskId };
      return stands(standing, fields, "problem" in fact ? fact.problem : undefined);
    },

    async recordLook(attempt, taskId, fact) {
      const standing = await records.recordLook(attempt, taskId, fact);
      const late = fact.report === "running" ? fact.late : undefined;
      const fields = { "rushes.fact": fact.report, "rushes.late": late };
      return stands(standing, fields, "problem" in fact ? fact.problem : undefined);
    },

    adopt: async (videoId, taskId, by) =>
      stands(await records.adopt(videoId, taskId, by), { "rushes.task.id": taskId }),

    async recordArchive(attempt, taskId, fact) {
      const standing = await records.recordArchive(attempt, taskId, fact);
      return stands(standing, { "rushes.fact": fact.result }, "problem" in fact ? fact.problem : undefined);
    },

    async recordRearchive(attempt, taskId, fact) {
      const standing = await records.recordRearchive(attempt, taskId, fact);
      if (fact.result === "refused") traces.fail("refused");
      return stands(standing, { "rushes.fact": fact.result });
    },
  };
}

function tracedRead(read: Records["read"], traces: StageTraces): Records["read"] {
  return async (videoId) => {
    const reading = await read(videoId);
    if (reading) traces.begin(reading.order.origin, fieldsOf(reading.record));
    return reading;
  };
}

function fieldsOf(record: VideoRecord): SpanFields {
  const attempt = currentAttempt(record);
  return {
    "rushes.video.id": record.id,
    "rushes.mode": record.mode,
    "rushes.phase.before": record.phase,
    "rushes.attempt": attempt?.number,
    "rushes.account": attempt?.account,
    "rushes.task.id": attempt?.taskId ?? undefined,
  };
}

function tracedProvider(provider: Provider, traces: StageTraces, account: string, host: string): Provider {
  const fields = { "server.address": host, "rushes.account": account };
  return {
    ...provider,
    generateTask: (request, options) =>
      traces.request("generateTask", { ...fields, "http.request.method": "POST" }, async (span) => {
        const answer = await provider.generateTask(request, options);
        span.set({ "rushes.task.id": answer.taskId });
        return answer;
      }),
    statusTask: (taskId, options) =>
      traces.request(
        "statusTask",
        { ...fields, "http.request.method": "GET", "rushes.task.id": taskId },
        async (span) => {
          const report = await provider.statusTask(taskId, options);
          span.set({ "rushes.task.state": report.state });
          return report;
        },
      ),
  };
}

/**
 * A copy flows from the result's host into the bucket: `download` lasts until its last byte has come, `upload` from the
 * first byte until the bucket has the whole (or is found to hold it already).
 */
function tracedCopies(copies: Copies, traces: StageTraces): Copies {
  return {
    archive: (file, options = {}) =>
      traces.request("copy", { "rushes.file": `${file.index + 1}/${file.count}` }, async (span, part) => {
        const download = part("download", { "server.address": hostOf(file.url) });
        let upload: Span | undefined;
        try {
          const stored = await copies.archive(file, {
            ...options,
            onProgress(bytes, total) {
              upload ??= part("upload", {});
              if (bytes === total) download.end();
              options.onProgress?.(bytes, total);
            },
          });
          span.set({ "rushes.file.bytes": stored.bytes, "rushes.file.key": stored.key });
          upload?.set({ "rushes.bucket": stored.bucket });
          return stored;
        } catch (error) {
          const code = codeOf(error);
          const blamed = code.startsWith("result_") ? download : upload;
          if (error instanceof Failure) blamed?.set({ "http.response.status_code": error.httpStatus });
          blamed?.fail(code);
          throw error;
        } finally {
          download.end();
          upload?.end();
        }
      }),
    storeManifest: (manifest, options) =>
      traces.request("manifest", {}, async (span) => {
        const stored = await copies.storeManifest(manifest, options);
        span.set({ "rushes.file.key": stored.key, "rushes.bucket": stored.bucket });
        return stored;
      }),
  };
}

function tracedDeliveries(deliveries: Deliveries, traces: StageTraces): Deliveries {
  return {
    ...deliveries,
    async read(videoId, number) {
      const delivery = await deliveries.read(videoId, number);
      const fields = delivery && { "rushes.event": delivery.event, "rushes.tries": delivery.tries };
      traces.set({ "rushes.delivery.id": deliveryId(videoId, number), ...fields });
      return delivery;
    },
    async record(delivery, attempt, verdict) {
      const isFirst = await deliveries.record(delivery, attempt, verdict);
      traces.set({ "rushes.delivery.state": verdict.state });
      if (verdict.state !== "delivered") traces.fail(attempt.error?.code ?? String(attempt.status));
      return isFirst;
    },
  };
}

/** A receiver's address may hold its owner's token, in the path as in the query: its host is enough. */
function tracedWebhooks(webhooks: Webhooks, traces: StageTraces): Webhooks {
  return {
    deliver: (request) =>
      traces.request(
        "webhook",
        {
          "http.request.method": "POST",
          "server.address": hostOf(request.url),
          "rushes.delivery.id": request.id,
        },
        async (span) => {
          const answer = await webhooks.deliver(request);
          if (answer.kind === "unanswered") {
            span.fail(answer.code);
            return answer;
          }
          span.set({ "http.response.status_code": answer.status });
          if (answer.status < 200 || answer.status > 299) span.fail(String(answer.status));
          return answer;
        },
      ),
  };
}

function hostOf(url: string): string | undefined {
  return URL.parse(url)?.host;
}
