import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Video } from "@rushes/pipeline";
import { untilTrue } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { billFor } from "./prompt-bill.ts";
import { startSystem, type ApiProcess, type RunningSystem } from "./running-system.ts";

/*
 * Every process is replaced, one after the other, while orders come in: two apis as a load balancer sees them, and two
 * workers with all roles. The caller tries again only where nobody took its connection, as a balancer's client does.
 */

/** Between two orders. */
const ORDER_EVERY_MS = 120;

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem({ environment: { LIMIT_CONCURRENCY: "30" } });
});
afterAll(() => system.stop());

/** What a caller met that was neither an order taken nor a door that was closed. */
type Refusal = { prompt: string; what: string };

/** A balancer that sends to the instances in turn; one leaves the list when it is no longer ready, as endpoints do. */
type Balancer = { instances: ApiProcess[] };

function startCaller(balancer: Balancer) {
  const taken = new Map<string, string>();
  const refusals: Refusal[] = [];
  let closedDoors = 0;
  const ending = new AbortController();
  let next = 0;

  async function order(prompt: string): Promise<void> {
    const key = randomUUID();
    for (;;) {
      const instances = balancer.instances;
      next += 1;
      const instance = instances[next % instances.length];
      try {
        const response = await fetch(`${instance?.url}/v1/videos`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": key },
          body: JSON.stringify({
            input: {
              mode: "standard-image-to-video",
              prompt,
              duration: 5,
              image_urls: ["https://example.com/a.png"],
            },
          }),
        });
        const body = await response.text();
        if (response.status === 202) taken.set(prompt, (JSON.parse(body) as Video).id);
        else refusals.push({ prompt, what: `${response.status} ${body}` });
        return;
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        if (code !== "ECONNREFUSED") {
          refusals.push({ prompt, what: String(code) });
          return;
        }
        closedDoors += 1;
        await sleep(20);
      }
    }
  }

  const calling = (async () => {
    const orders: Promise<void>[] = [];
    for (let number = 0; !ending.signal.aborted; number += 1) {
      orders.push(order(`order ${number}`));
      await sleep(ORDER_EVERY_MS);
    }
    await Promise.all(orders);
  })();

  return {
    taken,
    refusals,
    closedDoors: () => closedDoors,
    async stop() {
      ending.abort();
      await calling;
    },
  };
}

test("while every process is replaced, no order is lost, none is unconfirmed, none is charged twice, and nobody is refused", async () => {
  const balancer: Balancer = { instances: [system.api, await system.startApi()] };
  const workers = [await system.startWorker(), await system.startWorker()];
  const replaced: (number | null)[] = [];
  const caller = startCaller(balancer);
  await untilTrue(() => caller.taken.size > 20);

  // As in the manifests: the new one is ready before the old one is told to end.
  for (const old of workers) {
    await system.startWorker();
    replaced.push(await old.end("SIGTERM"));
  }
  for (const old of [...balancer.instances]) {
    const fresh = await system.startApi();
    balancer.instances = [...balancer.instances, fresh];
    // The balancer learns of the end only by looking, after the fact: what it sends meanwhile finds a closed door.
    const gone = old.end("SIGTERM");
    await sleep(100);
    balancer.instances = balancer.instances.filter((instance) => instance !== old);
    replaced.push(await gone);
  }
  await caller.stop();

  expect(replaced).toEqual([0, 0, 0, 0]);
  expect(caller.refusals).toEqual([]);
  expect(caller.taken.size).toBeGreaterThan(50);
  const url = balancer.instances[0]?.url ?? "";
  const listed = async (): Promise<Video[]> => {
    const all: Video[] = [];
    for (let after = ""; ;) {
      const page = (await (await fetch(`${url}/v1/videos?limit=100${after}`)).json()) as {
        data: Video[];
        has_more: boolean;
        last_id: string;
      };
      all.push(...page.data);
      if (!page.has_more) return all;
      after = `&after=${page.last_id}`;
    }
  };
  await untilTrue(
    async () => {
      const open = (await listed()).filter(({ status }) => status !== "completed");
      return open.length === 0 || open.map(({ id, phase }) => `${id} ${phase}`).join(", ");
    },
    { timeoutMs: 45_000, everyMs: 200 },
  );
  const videos = await listed();
  expect(new Set(videos.map(({ id }) => id))).toEqual(new Set(caller.taken.values()));
  expect(videos.filter(({ unconfirmed }) => unconfirmed)).toEqual([]);
  for (const prompt of caller.taken.keys()) {
    expect([prompt, billFor(system.sandbox, prompt)]).toEqual([
      prompt,
      { posts: 1, charges: 1, netUsd: 0.2 },
    ]);
  }
}, 180_000);
