import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { createClient, hasEnded, RushesError, type Client, type Order, type Video } from "@rushes/client";
import type { OrderRequest, Video as AnsweredVideo } from "@rushes/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

/** Compiles only where both sides take each other. */
type Same<Left, Right> = [Left] extends [Right] ? ([Right] extends [Left] ? true : never) : never;
/** An optional field that one side lacks fits both ways, so names are compared too: of every kind of a union. */
type Names<Value> = Value extends unknown ? keyof Value : never;
type Fits<Narrow, Wide> = [Narrow] extends [Wide] ? true : never;
// The client's types are its own, for it is published alone; here the compiler holds them against the api's.
const TYPES: {
  orders: Same<Order, OrderRequest>;
  modes: Same<Order["input"]["mode"], OrderRequest["input"]["mode"]>;
  videos: Fits<AnsweredVideo, Video>;
  orderNames: Same<Names<Order>, Names<OrderRequest>>;
  inputNames: Same<Names<Order["input"]>, Names<OrderRequest["input"]>>;
  videoNames: Same<Names<Video>, Names<AnsweredVideo>>;
  fileNames: Same<Names<Video["output"][number]>, Names<AnsweredVideo["output"][number]>>;
  phases: Same<Video["phase"], AnsweredVideo["phase"]>;
  files: Same<Video["output"], AnsweredVideo["output"]>;
} = {
  orders: true,
  modes: true,
  videos: true,
  orderNames: true,
  inputNames: true,
  videoNames: true,
  fileNames: true,
  phases: true,
  files: true,
};

const ORDER: Order = { input: { mode: "master-text-to-video", prompt: "a quiet harbour", duration: 5 } };

let system: RunningSystem;
let rushes: Client;
let folder: string;
let isAnswered: (name: string, value: unknown) => string;

beforeAll(async () => {
  system = await startSystem();
  await system.startWorker();
  rushes = createClient({ url: system.api.url });
  folder = await mkdtemp(join(tmpdir(), "rushes-client-"));
  const document = (await (await fetch(`${system.api.url}/openapi.json`)).json()) as {
    components: { schemas: Record<string, object> };
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "document");
  isAnswered = (name, value) => {
    const check = ajv.getSchema(`document#/components/schemas/${name}`);
    if (!check) throw new Error(`the document has no ${name}`);
    return check(value) === true ? "as the document says" : ajv.errorsText(check.errors);
  };
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

describe("the client against the running system", () => {
  test("takes and answers the same types as the api", () => {
    expect(new Set(Object.values(TYPES))).toEqual(new Set([true]));
  });

  test("orders, waits and downloads the file that the provider made", { timeout: 60_000 }, async () => {
    const phases: string[] = [];
    const { id } = await rushes.order({ ...ORDER, metadata: { shot: 12 } });
    const video = await rushes.wait(id, { onUpdate: ({ phase }) => phases.push(phase) });
    expect(video).toMatchObject({ id, status: "completed", metadata: { shot: 12 }, charges: 1 });
    expect(phases.at(-1)).toBe("completed");
    expect(phases).toContain("generating");

    const path = join(folder, "harbour.mp4");
    const file = await rushes.download(id, path);
    const sha256 = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    expect(sha256).toBe(file.sha256);
    expect(sha256).toBe(
      system.sandbox.tasks().find(({ taskId }) => taskId === video.provider.task_id)?.sha256,
    );
    expect((await (await rushes.content(id)).arrayBuffer()).byteLength).toBe(file.bytes);
  });

  test("its types are what the api answers, and what the document says", { timeout: 60_000 }, async () => {
    const ordered = await rushes.order(ORDER);
    const ended = await rushes.wait(ordered.id);
    const failed = await rushes.subscribe({
      input: { ...ORDER.input, prompt: "x [[fail:SensitiveContent]]" },
    });
    expect(failed).toMatchObject({ status: "failed", error: { class: expect.any(String) } });
    for (const video of [ordered, ended, failed]) {
      expect(isAnswered("Video", video)).toBe("as the document says");
      expect(hasEnded(video)).toBe(video !== ordered);
    }
    expect(isAnswered("Video", { ...ended, more: 1 })).toContain("additional properties");

    const estimate = await rushes.dryRun(ORDER);
    expect(estimate).toEqual({
      estimate_usd: 1,
      would_exceed_budget: false,
      queue_ahead: expect.any(Number),
      eta_s: expect.any(Number),
    });
  });

  test("a key orders once, also over a lost answer", async () => {
    let isFirst = true;
    const losing = createClient({
      url: system.api.url,
      fetch: async (...request) => {
        const response = await fetch(...request);
        if (!isFirst) return response;
        isFirst = false;
        // The api has ordered; nobody hears of it.
        await response.text();
        throw new TypeError("fetch failed", {
          cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }),
        });
      },
    });
    const order = { ...ORDER, delay_s: 3_600, metadata: { lost: "answer" } };
    const { id } = await losing.order(order, { idempotencyKey: "lost-1" });
    expect((await rushes.order(order, { idempotencyKey: "lost-1" })).id).toBe(id);
    const queued: string[] = [];
    for await (const video of rushes.list({ status: "queued" }))
      if (video.metadata["lost"] === "answer") queued.push(video.id);
    expect(queued).toEqual([id]);
    expect(await rushes.cancel(id)).toMatchObject({ status: "cancelled" });
    expect(await rushes.cancel(id)).toMatchObject({ status: "cancelled" });
  });

  test("many orders are all there, and a repeat of them adds none", { timeout: 60_000 }, async () => {
    const orders = Array.from({ length: 1_001 }, (_, n): Order => ({
      ...ORDER,
      delay_s: 3_600,
      metadata: { many: n },
    }));
    const first = await rushes.orderMany(orders, { idempotencyKey: "many-1" });
    expect(first.map(({ metadata }) => metadata["many"])).toEqual(orders.map((_, n) => n));
    const again = await rushes.orderMany(orders, { idempotencyKey: "many-1" });
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    let count = 0;
    for await (const video of rushes.list({ phase: "queued" })) if ("many" in video.metadata) count += 1;
    expect(count).toBe(1_001);
  });

  test("what is refused is told field by field", async () => {
    const wrong = { input: { ...ORDER.input, duration: 7, prompt: "" } } as unknown as Order;
    const refusal = (error: unknown) => {
      expect(error).toBeInstanceOf(RushesError);
      return (error as RushesError).errors.map(({ item, field }) => [item, field]);
    };
    expect(await rushes.order(wrong).catch(refusal)).toEqual([
      [null, "input.prompt"],
      [null, "input.duration"],
    ]);
    expect(await rushes.orderMany([ORDER, wrong]).catch(refusal)).toEqual([
      [1, "input.prompt"],
      [1, "input.duration"],
    ]);
    const nobody = `vid_${"0".repeat(26)}`;
    await expect(rushes.wait(nobody)).rejects.toMatchObject({ code: "video_not_found", status: 404 });
  });
});
