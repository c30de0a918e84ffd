import { EnvironmentProblem, type Environment } from "@rushes/lifecycle";
import type { Phase } from "@rushes/pipeline";
import { z } from "zod";
import { readApiAccess, type ApiAccess } from "../api-access.ts";
import { UsageProblem } from "../usage-problem.ts";
import { apiLimitsListSchema, apiLimitsSchema, type ApiLimits, type LimitsWish } from "./api-limits.ts";
import { apiOverviewSchema, apiSubmitSchema, type ApiOverview, type ApiSubmit } from "./api-overview.ts";
import { apiPageSchema, apiVideoSchema, type ApiVideo } from "./api-video.ts";

/** Longer than the api waits for Redis. */
const REQUEST_TIMEOUT_MS = 15_000;
/** The most that one page may have. */
const PAGE = 100;

/** The api did not do what was asked; the message tells a person why, and what to do. */
export class OperatorProblem extends Error {
  override readonly name = "OperatorProblem";
  /** The api's own code; null when it did not answer as it should. */
  readonly code: string | null;
  /** It may be otherwise the next time: nobody answered, or the api said that it cannot now. */
  readonly isOpen: boolean;

  constructor(
    message: string,
    { code = null, isOpen = false }: { code?: string | null; isOpen?: boolean } = {},
  ) {
    super(message);
    this.code = code;
    this.isOpen = isOpen;
  }
}

/** What operators ask of the api. Every call may throw `OperatorProblem`; none is repeated by itself. */
export type OperatorApi = {
  fetchVideo(id: string): Promise<ApiVideo>;
  /** @param signal ends the asking; what comes then does not matter */
  fetchOverview(signal?: AbortSignal): Promise<ApiOverview>;
  pauseSubmit(): Promise<ApiSubmit>;
  resumeSubmit(): Promise<ApiSubmit>;
  /** Every unconfirmed video, newest first, a page at a time. */
  listUnconfirmed(): AsyncGenerator<ApiVideo>;
  /** Every completed video, as above. */
  listCompleted(): AsyncGenerator<ApiVideo>;
  adopt(id: string, taskId: string): Promise<ApiVideo>;
  release(id: string, wish: { max_charges?: number; attempts: number }): Promise<ApiVideo>;
  writeOff(id: string): Promise<ApiVideo>;
  poll(id: string): Promise<ApiVideo>;
  rearchive(id: string): Promise<ApiVideo>;
  listLimits(): Promise<ApiLimits[]>;
  setLimits(account: string, wish: LimitsWish): Promise<ApiLimits>;
  pinLimits(account: string): Promise<ApiLimits>;
};

/** @throws UsageProblem when the environment cannot be used */
export function createOperatorApi(environment: Environment): OperatorApi {
  const { url, apiKey: key } = accessOf(environment);

  async function ask<Answer>(
    schema: z.ZodType<Answer>,
    path: string,
    body?: object,
    { method = body === undefined ? "GET" : "POST", signal }: { method?: string; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const headers = new Headers(key ? { authorization: `Bearer ${key}` } : {});
    if (body !== undefined) headers.set("content-type", "application/json");
    const late = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      text = await response.text();
    } catch {
      const unsure =
        body === undefined ? "" : " It is not known whether it was done: look with rushes status.";
      throw new OperatorProblem(`The api does not answer at ${url} (RUSHES_URL).${unsure}`, { isOpen: true });
    }
    const json = parseJson(text);
    if (!response.ok) throw refusalOf(response.status, json);
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new OperatorProblem(`What answers at ${url} (RUSHES_URL) is not this version's api.`);
  }

  const press = (id: string, verb: string, body: object): Promise<ApiVideo> =>
    ask(apiVideoSchema, `/v1/videos/${encodeURIComponent(id)}/${verb}`, body);

  async function* list(phase: Phase): AsyncGenerator<ApiVideo> {
    let after = "";
    for (;;) {
      const page = await ask(apiPageSchema, `/v1/videos?phase=${phase}&limit=${PAGE}${after}`);
      yield* page.data;
      if (!page.has_more || page.last_id === null) return;
      after = `&after=${encodeURIComponent(page.last_id)}`;
    }
  }

  return {
    fetchVideo: (id) => ask(apiVideoSchema, `/v1/videos/${encodeURIComponent(id)}`),
    fetchOverview: (signal) =>
      ask(apiOverviewSchema, "/v1/overview", undefined, signal === undefined ? {} : { signal }),
    pauseSubmit: () => ask(apiSubmitSchema, "/v1/submit/pause", {}),
    resumeSubmit: () => ask(apiSubmitSchema, "/v1/submit/resume", {}),
    listUnconfirmed: () => list("unconfirmed"),
    listCompleted: () => list("completed"),
    adopt: (id, taskId) => press(id, "adopt", { task_id: taskId }),
    release: (id, wish) => press(id, "release", wish),
    writeOff: (id) => press(id, "write-off", {}),
    poll: (id) => press(id, "poll", {}),
    rearchive: (id) => press(id, "rearchive", {}),
    listLimits: async () => (await ask(apiLimitsListSchema, "/v1/limits")).data,
    setLimits: (account, wish) =>
      ask(apiLimitsSchema, `/v1/limits/${encodeURIComponent(account)}`, wish, { method: "PUT" }),
    pinLimits: (account) => ask(apiLimitsSchema, `/v1/limits/${encodeURIComponent(account)}/pin`, {}),
  };
}

function accessOf(environment: Environment): ApiAccess {
  try {
    return readApiAccess(environment);
  } catch (error) {
    if (error instanceof EnvironmentProblem) throw new UsageProblem(error.message);
    throw error;
  }
}

const problemSchema = z.object({
  code: z.string(),
  title: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).default([]),
});

function refusalOf(status: number, json: unknown): OperatorProblem {
  const { data: problem } = problemSchema.safeParse(json);
  const isOpen = status === 429 || status >= 500;
  if (!problem) return new OperatorProblem(`The api answers ${status}.`, { isOpen });
  const hint = HINTS[problem.code] ?? "";
  const fields = problem.errors.map(({ field, message }) => `\n  ${field}: ${message}`).join("");
  const message = `${problem.title}. ${problem.detail}${hint}${fields}`;
  return new OperatorProblem(message, { code: problem.code, isOpen });
}

/** What is different for those who come over the command line. */
const HINTS: Readonly<Record<string, string>> = {
  unauthorized: " Set RUSHES_API_KEY.",
  admin_only: " Set RUSHES_API_KEY to an admin's key.",
  charges_used_up: " Here: --max-charges.",
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
