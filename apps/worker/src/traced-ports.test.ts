import { expect, test, vi } from "vitest";
import { Failure, type Provider, type Reading, type ResultFile, type StageJob } from "@rushes/pipeline";
import type { Span, SpanFields, SpanStart, Tracing } from "@rushes/telemetry";
import type { Copies, TracedPorts } from "./traced-ports.ts";
import { tracePorts, UNTRACED } from "./traced-ports.ts";

type Made = {
  name: string;
  start: SpanStart;
  fields: SpanFields;
  failures: string[];
  ends: number;
  span: Span;
};

function setUp() {
  const made: Made[] = [];
  const tracing: Tracing = {
    name: "traces",
    begin(name, start) {
      const one: Made = { name, start, fields: { ...start.fields }, failures: [], ends: 0, span: noSpan() };
      one.span = {
        traceparent: `${name} ${made.length}`,
        set: (fields) => void Object.assign(one.fields, fields),
        fail: (code) => void one.failures.push(code),
        end: () => void (one.ends += 1),
      };
      made.push(one);
      return one.span;
    },
    stop: async () => {},
  };
  return {
    made,
    traced: tracePorts(tracing),
    named: (name: string) => made.filter((one) => one.name === name),
  };
}
const noSpan = (): Span => ({ traceparent: undefined, set() {}, fail() {}, end() {} });

const job = {
  videoId: "vid_1",
  rev: 1,
  errand: "follow",
  signal: new AbortController().signal,
} satisfies StageJob;
const readingOf = (traceparent: string, id = "vid_1"): Reading =>
  ({
    nowMs: 0,
    order: { origin: { traceparent } },
    record: { id, mode: "master-text-to-video", phase: "archiving", attempts: [], current: 0 },
  }) as unknown as Reading;

/** Runs `work` as a job whose record has been read. */
async function within(traced: TracedPorts, work: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  await traced.stage("archive", async () => {
    await traced.reader({ read: async () => readingOf("callers") }).read("vid_1");
    answer = await work();
    return { kind: "advance", log: "" };
  })(job);
  return answer;
}

test("without tracing every port is the very same object", () => {
  expect(tracePorts(null)).toBe(UNTRACED);
  const port = {} as never;
  expect(UNTRACED.stage("poll", port)).toBe(port);
  expect(UNTRACED.records(port)).toBe(port);
  expect(UNTRACED.reader(port)).toBe(port);
  expect(UNTRACED.provider(port, "", "")).toBe(port);
  expect(UNTRACED.copies(port)).toBe(port);
  expect(UNTRACED.deliveries(port)).toBe(port);
  expect(UNTRACED.webhooks(port)).toBe(port);
});

test("a job that reads no record leaves no span, and its ports work as ever", async () => {
  const { made, traced } = setUp();
  const provider = traced.provider(
    { statusTask: async () => ({ state: "unknown" }) } as never,
    "main",
    "host",
  );
  const outcome = await traced.stage("poll", async () => {
    expect(await provider.statusTask("t")).toEqual({ state: "unknown" });
    return { kind: "advance", log: "nobody is waiting in line" };
  })(job);
  expect(outcome.kind).toBe("advance");
  expect(made).toEqual([]);
});

test("jobs side by side keep to their own spans", async () => {
  const { traced, named } = setUp();
  const ids = Array.from({ length: 20 }, (_, index) => `vid_${index}`);
  await Promise.all(
    ids.map((id, index) =>
      traced.stage("archive", async () => {
        const read = async (): Promise<Reading> => {
          await new Promise((resolve) => setTimeout(resolve, (index * 7) % 5));
          return readingOf(`trace of ${id}`, id);
        };
        await traced.reader({ read }).read(id);
        await traced
          .copies({ storeManifest: async () => ({ key: id, bucket: "b" }) } as never)
          .storeManifest({} as never);
        return { kind: "advance", log: "" };
      })({ ...job, videoId: id }),
    ),
  );
  for (const { fields, start } of named("archive"))
    expect(start.parent).toBe(`trace of ${String(fields["rushes.video.id"])}`);
  for (const { fields, start } of named("manifest")) {
    const parent = named("archive").find(({ span }) => span === start.parent);
    expect(parent?.fields["rushes.video.id"]).toBe(fields["rushes.file.key"]);
  }
  expect(named("manifest")).toHaveLength(20);
});

test.each([
  [
    new Failure({
      kind: "unavailable",
      class: "provider_fault",
      code: "down",
      message: "m",
      httpStatus: 503,
    }),
    "down",
    503,
  ],
  [new TypeError("with https://host/?secret=1 in it"), "TypeError", undefined],
  ["a word", "unknown", undefined],
])(
  "what a request throws is thrown as it is, and its span told the code alone: %s",
  async (error, code, status) => {
    const { traced, named } = setUp();
    const provider: Provider = traced.provider(
      { generateTask: vi.fn<Provider["generateTask"]>().mockRejectedValue(error) } as never,
      "main",
      "host",
    );
    await expect(
      within(traced, () => provider.generateTask({} as never, { maySend: () => true })),
    ).rejects.toBe(error);
    for (const name of ["generateTask", "archive"])
      expect(named(name)[0]).toMatchObject({ failures: [code], ends: 1 });
    expect(named("generateTask")[0]?.fields["http.response.status_code"]).toBe(status);
    expect(JSON.stringify(named("generateTask"))).not.toContain("secret");
  },
);

test("a job given up without a reason of its own is a failed one", async () => {
  const { traced, named } = setUp();
  await traced.stage("poll", async () => {
    await traced.reader({ read: async () => readingOf("callers") }).read("vid_1");
    return { kind: "give-up", reason: "please report this" };
  })(job);
  expect(named("poll")[0]?.failures).toEqual(["given_up"]);
});

const FILE: ResultFile = {
  url: "https://files.example.com/private/v.mp4?X-Amz-Signature=canary",
  videoId: "vid_1",
  taskId: "t",
  mode: "m",
  createdAtMs: 0,
  index: 0,
  count: 2,
};

test.each([
  ["result_damaged", ["result_damaged"], []],
  ["bucket_unavailable", [], ["bucket_unavailable"]],
])(
  "of a copy that fails with %s the half that is to blame is the failed one",
  async (code, download, upload) => {
    const { traced, named } = setUp();
    const archive: Copies["archive"] = async (_, options) => {
      options?.onProgress?.(1, 10);
      throw new Failure({ kind: "unavailable", class: "archive", code, message: "m" });
    };
    const copies = traced.copies({ archive } as Copies);
    await expect(within(traced, () => copies.archive(FILE))).rejects.toThrow(Failure);
    expect(named("download")[0]?.failures).toEqual(download);
    expect(named("upload")[0]?.failures).toEqual(upload);
    expect([...named("download"), ...named("upload")].every(({ ends }) => ends === 1)).toBe(true);
  },
);

test("of addresses the host alone is told: results and receivers have secrets in path and query", async () => {
  const { traced, made, named } = setUp();
  const stored = { bytes: 10, key: "k", bucket: "b" };
  let progress = 0;
  const copies = traced.copies({
    archive: async (_: unknown, options: { onProgress: (bytes: number, total: number) => void }) => {
      options.onProgress(4, 10);
      options.onProgress(10, 10);
      return stored;
    },
  } as never);
  const webhooks = traced.webhooks({
    deliver: async () => ({ kind: "answered", status: 204, excerpt: "", durationMs: 1 }),
  });
  await within(traced, async () => {
    expect(await copies.archive(FILE, { onProgress: () => void (progress += 1) })).toBe(stored);
    await webhooks.deliver({ id: "d", url: "https://hooks.example.com/private?canary", body: "", atMs: 0 });
  });
  expect(progress).toBe(2);
  expect(named("download")[0]?.fields).toEqual({ "server.address": "files.example.com" });
  expect(named("webhook")[0]?.fields["server.address"]).toBe("hooks.example.com");
  const told = JSON.stringify(made.map(({ name, fields }) => [name, fields]));
  expect(told).not.toMatch(/canary|private/);
});
