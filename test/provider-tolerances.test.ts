import { createHash } from "node:crypto";
import { untilTrue } from "@rushes/test-rig";
import type { JournalEntry } from "@rushes/sandbox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  completed,
  expectRow,
  placeRows,
  PRICE_USD,
  refused,
  titled,
  unconfirmed,
  type OrderRow,
  type PlacedRow,
} from "./order-row.ts";
import { endTask } from "./end-task.ts";
import { startSystem, type RunningSystem, type WorkerProcess } from "./running-system.ts";

/*
 * What a client of APIXO's Kling 2.1 API must tolerate, point by point: the running worker against the sandbox. The sixth
 * point, callbacks, is in `lost-answers.test.ts`. Each order carries the fault in its prompt and meets no other.
 */

/** Room for every row of a table at once; unconfirmed ones keep their places. */
const ROOMY = {
  ...{ LIMIT_CONCURRENCY: "500", SUBMIT_CONCURRENCY: "40", ARCHIVE_CONCURRENCY: "20" },
  // What one row's 429 teaches is forgotten before the next row.
  LIMIT_TIME_SCALE: "0.0005",
};

const rowsOf = (point: string, faults: readonly string[], rest = completed()): OrderRow[] =>
  faults.map((fault) => ({ title: `${point}: ${fault}`, faults: `[[${fault}]]`, ...rest }));

/** As whom this test itself asks the result host. */
const TEST_AGENT = "provider-tolerances";

const filesOf = (system: RunningSystem, taskId: string | null): JournalEntry[] =>
  system.sandbox.journal().filter((entry) => entry.operation === "file" && entry.taskId === taskId);

/** §6.7 and §6.8, of every request of a worker that reached the sandbox. */
function expectManners(system: RunningSystem): void {
  const requests = system.sandbox
    .journal()
    .filter(({ operation, userAgent }) => operation !== "callback" && userAgent !== TEST_AGENT);
  for (const operation of ["submit", "status", "balance", "file"] as const) {
    const agents = requests
      .filter((entry) => entry.operation === operation)
      .map(({ userAgent }) => userAgent);
    const expected = operation === "file" ? /^rushes-archive\/[\d.]+$/ : /^rushes-apixo\/[\d.]+$/;
    expect(agents.length, operation).toBeGreaterThan(operation === "balance" ? 0 : 10);
    for (const agent of agents) expect(agent, operation).toMatch(expected);
  }
  const harmless = ["accept", "accept-encoding", "connection", "host", "if-range", "range", "user-agent"];
  for (const { operation, authorization, headerNames = [] } of requests) {
    if (operation !== "file") continue;
    expect(authorization).toBe(false);
    expect(headerNames.filter((name) => !harmless.includes(name))).toEqual([]);
  }
}

describe("§6, faults that pass", () => {
  let system: RunningSystem;
  let worker: WorkerProcess;
  let placed: ReadonlyMap<string, PlacedRow>;

  /** Errors of the provider's own envelope in its other forms. What the form is must not change what follows. */
  const FORMS = ["http-200", "no-data", "data-error", "msg", "string-code"];
  /** Nothing of the envelope is left: only the HTTP status tells. */
  const NO_FORMS = ["html", "empty"];
  const ANSWERS: OrderRow[] = [
    ...FORMS.flatMap((form): OrderRow[] => [
      {
        title: `§6.1: a 400 as envelope:${form}`,
        faults: `[[submit:error:400]] [[envelope:${form}]]`,
        ...refused({ class: "caller_input", code: "invalid_request" }),
      },
      {
        title: `§6.1: a 429 as envelope:${form}`,
        faults: `[[submit:error:429:1]] [[envelope:${form}]]`,
        ...completed(2),
      },
      {
        title: `§6.1: a 500 as envelope:${form}`,
        faults: `[[submit:error:500:1]] [[envelope:${form}]]`,
        ...completed(2),
      },
      {
        title: `§6.1: a 504 as envelope:${form}`,
        faults: `[[submit:error-after-accept:504]] [[envelope:${form}]]`,
        ...unconfirmed(true),
      },
      {
        title: `§6.1: looks refused as envelope:${form}`,
        faults: `[[status:error:500:2]] [[envelope:${form}]]`,
        ...completed(),
      },
    ]),
    ...NO_FORMS.flatMap((form): OrderRow[] => [
      {
        title: `§6.1: a 400 as envelope:${form}`,
        faults: `[[submit:error:400]] [[envelope:${form}]]`,
        ...refused({ class: "caller_input", code: "invalid_request" }),
      },
      {
        title: `§6.1: a 429 as envelope:${form}`,
        faults: `[[submit:error:429:1]] [[envelope:${form}]]`,
        ...completed(2),
      },
      {
        title: `§6.1: a 500 as envelope:${form}, which may be anybody's`,
        faults: `[[submit:error-after-accept:500]] [[envelope:${form}]]`,
        ...unconfirmed(true),
      },
      {
        title: `§6.1: looks refused as envelope:${form}`,
        faults: `[[status:error:500:2]] [[envelope:${form}]]`,
        ...completed(),
      },
    ]),
    ...rowsOf("§6.1, a 200 that names no task", ["submit:no-task-id", "submit:empty"], unconfirmed(false)),
    ...rowsOf(
      "§6.1, a 200 that names no task, of a submit that was accepted",
      [
        "submit:no-task-id-after-accept",
        "submit:empty-after-accept",
        "submit:garbage-after-accept",
        "submit:cut-after-accept",
      ],
      unconfirmed(true),
    ),
  ];

  const LOOKS = [
    ...rowsOf("§6.2, right after the submit", ["status:null:3", "status:no-data:3", "status:not-found:3"]),
    ...rowsOf("§6.2, a look that tells nothing", [
      "status:error:400:2",
      "status:error:401:2",
      "status:error:402:2",
      "status:error:403:2",
      "status:error:429:2",
      "status:error:500:2",
      "status:error:502:2",
      "status:error:503:2",
      "status:error:504:2",
      "status:page:502:2",
      "status:empty:2",
      "status:garbage:2",
      "status:cut:2",
      "status:reset:2",
      "status:slow:20000:1",
      "status:stale:3",
      "status:other-task:1",
    ]),
    {
      title: "§6.3: a failed task whose state is spelled fail",
      faults: "[[fail:NSFW]] [[status:short-fail]]",
      video: {
        phase: "failed",
        error: { class: "content_policy", code: "NSFW" },
        charges: 1,
        reservedUsd: 0,
        billedUsd: 0,
      },
      bill: { posts: 1, charges: 1, netUsd: 0 },
    } satisfies OrderRow,
    ...rowsOf("§6.5, times", ["status:no-times", "status:whole-seconds"]),
    ...rowsOf("§6.5", [
      "task:odd-id",
      "task:odd-id: x\"'<>{}|\\^`",
      "task:odd-id:用户🎬",
      "task:long-id:3000",
    ]),
  ];

  const RESULTS = rowsOf("§6.4", [
    "result:object",
    "result:double-encoded",
    "result:url-objects",
    "result:several-urls:3",
    "result:no-urls:2",
    "result:missing:2",
    "result:null:2",
    "result:blank:2",
    "result:not-json:2",
  ]);

  const EXPIRED = rowsOf("§6.7", ["result:expired:403:1", "result:expired:404:1", "result:expired:410:1"]);
  const FILES = rowsOf("§6.7", [
    "result:slow:1000",
    "result:cut:1",
    "result:cut-unseen:1",
    "result:redirect",
    "result:redirect:3",
    "result:mistyped",
    "result:html:1",
    "result:disguised-html:1",
    "result:garbage:1",
    "result:nothing:1",
    "result:error:503:2",
    "result:reset:2",
    "result:no-length",
    "result:until-close",
    "result:no-ranges",
    "result:gzip:1",
  ]);

  const all = [...ANSWERS, ...LOOKS, ...RESULTS, ...EXPIRED, ...FILES];
  beforeAll(async () => {
    // Ten days behind: no deadline of ours may come from the provider's clock.
    system = await startSystem({ sandbox: { requireUserAgent: true, clockSkewMs: -864_000_000 } });
    worker = await system.startWorker(ROOMY);
    placed = await placeRows(system, all);
  });
  afterAll(() => system.stop());

  test.each(titled(all))("%s", async (_, row) => {
    const { id } = await expectRow(system, row, placed);
    if (row.video.phase === "completed") await expectWhole(id);
  });

  /** What is in the bucket is what the sandbox says it served, or the first of several files is. */
  async function expectWhole(id: string): Promise<void> {
    const video = await system.get(id);
    const [first] = video.output;
    for (const file of video.output) {
      const bytes = await system.s3.getObject(file.key);
      expect([bytes.length, createHash("sha256").update(bytes).digest("hex")]).toEqual([
        file.bytes,
        file.sha256,
      ]);
    }
    const task = system.sandbox.tasks().find(({ taskId }) => taskId === video.provider.task_id);
    expect(task?.sha256).toBe(first?.sha256);
  }

  test.each(["waiting", "queuing", "generating", "dreaming"])(
    "§6.3: a task whose state is %s is still running; only a word that nobody has met before is logged",
    async (state) => {
      const row: OrderRow = {
        title: `§6.3: ${state}`,
        faults: `[[task:never]] [[status:state:${state}]]`,
        ...completed(),
      };
      const order = await placeRows(system, [row]);
      const { id = "" } = order.get(row.title) ?? {};
      await untilTrue(async () => (await system.get(id)).provider.state === state);
      const { phase, provider } = await system.get(id);
      expect(phase).toBe("generating");
      expect(worker.lines.some((line) => line.includes(`"state":"${state}"`))).toBe(state === "dreaming");
      await endTask(system, provider.task_id);
      await expectRow(system, row, order);
    },
  );

  test("§6.4: each of several URLs is a file of its own", async () => {
    const { id } = placed.get("§6.4: result:several-urls:3") ?? { id: "" };
    const { output } = await system.get(id);
    expect([output.length, new Set(output.map(({ key }) => key)).size]).toEqual([3, 3]);
    expect(new Set(output.map(({ sha256 }) => sha256)).size).toBe(3);
  });

  test.each(titled(EXPIRED))("%s, then one look for a fresh URL and no other task", async (_, row) => {
    const { provider } = await system.get(placed.get(row.title)?.id ?? "");
    const asked = system.sandbox.journal().filter(({ taskId }) => taskId === provider.task_id);
    const from = asked.findIndex(({ operation }) => operation === "file");
    expect(asked.slice(from).map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ["file", Number(/\d+/.exec(row.faults)?.[0])],
      ["status", 200],
      ["file", 200],
    ]);
  });

  test("§6.7: an expired URL is replaced by a fresh one", async () => {
    await worker.end("SIGTERM");
    const looker = await system.startWorker({ ...ROOMY, ROLES: "submit,poll,sweep" });
    // A second, by the sandbox's speed.
    system.sandbox.configure({ resultLifeMs: 40_000 });
    const row: OrderRow = { title: "an expired URL", faults: "", ...completed() };
    const order = await placeRows(system, [row]);
    const { id = "" } = order.get(row.title) ?? {};
    await untilTrue(async () => (await system.get(id)).phase === "archiving");
    const urlsOf = async (): Promise<string[]> => {
      const lines = (await system.inspect.get(`{rushes}:files:${id}`)) ?? "";
      return JSON.parse(
        lines
          .split("\n")
          .findLast((line) => line.startsWith("1.urls "))
          ?.slice(7) ?? "[]",
      ) as string[];
    };
    const [expired = ""] = await urlsOf();
    const headers = { "user-agent": TEST_AGENT };
    await untilTrue(async () => (await fetch(expired, { headers })).status === 403);
    worker = await system.startWorker(ROOMY);
    await untilTrue(async () => (await urlsOf())[0] !== expired);
    // Now that it holds a fresh URL it may take its time.
    system.sandbox.configure({ resultLifeMs: 1_296_000_000 });
    await expectRow(system, row, order);
    await expectWhole(id);
    await looker.end("SIGTERM");
  });

  test("§6.7 and §6.8: the key goes to the API alone, and every request says who sends it", () => {
    expectManners(system);
  });

  test("§6.1: none of those that wait for a person was posted again meanwhile", async () => {
    for (const row of ANSWERS) await expectRow(system, row, placed);
  });
});

describe("§6, faults that last until the life of a result is over", () => {
  const LATE_AFTER_MS = 600;
  const RESULT_LIFE_MS = 6_000;
  let system: RunningSystem;
  let placed: ReadonlyMap<string, PlacedRow>;

  /** Paid, and the money stays spent: nobody knows better. */
  const lost = (
    code: string,
    failureClass: "provider_fault" | "archive",
  ): Pick<OrderRow, "video" | "bill"> => ({
    video: {
      phase: "failed",
      error: { class: failureClass, code },
      charges: 1,
      reservedUsd: 0,
      billedUsd: PRICE_USD,
    },
    bill: { posts: 1, charges: 1, netUsd: PRICE_USD },
  });

  const NO_NEWS = rowsOf(
    "§6.2, for ever",
    [
      "status:null",
      "status:no-data",
      "status:not-found",
      "status:error:400",
      "status:error:401",
      "status:error:402",
      "status:error:403",
      "status:error:500",
      "status:page:502",
      "status:empty",
      "status:garbage",
      "status:cut",
      "status:reset",
      "status:stale",
      "task:never",
    ],
    lost("task_lost", "provider_fault"),
  );
  NO_NEWS.push({
    title: "§6.3, for ever: status:state:dreaming",
    faults: "[[task:never]] [[status:state:dreaming]]",
    ...lost("task_lost", "provider_fault"),
  });
  const NO_URLS = rowsOf(
    "§6.4, for ever",
    ["result:no-urls", "result:missing", "result:null", "result:blank", "result:not-json"],
    lost("result_missing", "provider_fault"),
  );
  const FORBIDDEN = ["result:private-url", "result:redirect-private"];
  const NO_FILE = rowsOf(
    "§6.7, for ever",
    [
      "result:expired:403",
      "result:expired:404",
      "result:expired:410",
      "result:error:500",
      "result:cut-unseen",
      "result:html",
      "result:disguised-html",
      "result:garbage",
      "result:nothing",
      "result:redirect:4",
      "result:reset",
      ...FORBIDDEN,
    ],
    lost("result_expired", "archive"),
  );
  const all = [...NO_NEWS, ...NO_URLS, ...NO_FILE];

  beforeAll(async () => {
    // Ten days ahead: by its own clock the provider's results would all be older than their life.
    system = await startSystem({ sandbox: { requireUserAgent: true, clockSkewMs: 864_000_000 } });
    await system.startWorker({
      ...ROOMY,
      POLL_FIRST_MS: "200",
      POLL_MIN_MS: "100",
      POLL_MAX_MS: "200",
      LATE_AFTER_MS: `${LATE_AFTER_MS}`,
      LATE_EVERY_MAX_MS: "400",
      RESULT_PLAN_MS: "1000",
      RESULT_LIFE_MS: `${RESULT_LIFE_MS}`,
      // The sandbox's private addresses are elsewhere, and are not to be dialled.
      DOWNLOAD_HOSTS: "127.0.0.1",
    });
    placed = await placeRows(system, all);
  });
  afterAll(() => system.stop());

  const eventsOf = async (id: string): Promise<{ what: string; atMs: number }[]> => {
    const entries = await system.inspect.lrange(`{rushes}:history:${id}`, 0, -1);
    return entries.map((entry) => {
      const [, at, , what = ""] = JSON.parse(entry) as string[];
      return { what, atMs: Number(at) };
    });
  };
  const timeOf = (events: { what: string; atMs: number }[], what: string): number =>
    events.find((event) => event.what === what)?.atMs ?? Number.NaN;

  test.each(titled([...NO_NEWS, ...NO_URLS]))(
    "%s: late, looked at until the end, then its own error",
    async (_, row) => {
      const { id } = await expectRow(system, row, placed);
      const events = await eventsOf(id);
      expect(events.map(({ what }) => what)).toEqual(["admitted", "intent", "accepted", "late", "task_lost"]);
      // Exact from below: a slow process only makes these longer.
      const acceptedMs = timeOf(events, "accepted");
      expect(timeOf(events, "late") - acceptedMs).toBeGreaterThanOrEqual(LATE_AFTER_MS);
      expect(timeOf(events, "task_lost") - acceptedMs).toBeGreaterThanOrEqual(RESULT_LIFE_MS);
    },
  );

  test.each(titled(NO_FILE))(
    "%s: copied again and again until the end, nothing is kept, then its own error",
    async (_, row) => {
      const { id } = await expectRow(system, row, placed);
      const { output, provider } = await system.get(id);
      expect(output).toEqual([]);
      const events = await eventsOf(id);
      expect(timeOf(events, "result_gone") - timeOf(events, "task_succeeded")).toBeGreaterThanOrEqual(
        RESULT_LIFE_MS,
      );
      const tries = events.filter(({ what }) => what === "archive_again").length;
      expect(tries).toBeGreaterThan(1);
      const { length: downloads } = filesOf(system, provider.task_id);
      if (row.faults.includes("private-url")) expect(downloads).toBe(0);
      else expect(downloads).toBeGreaterThan(tries);
    },
  );

  test("§6.7: nothing of them is in the bucket", async () => {
    expect(await system.s3.listObjects()).toEqual([]);
  });

  test("§6.7 and §6.8: the key goes to the API alone, and every request says who sends it", () =>
    expectManners(system));
});
