import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Failure } from "@rushes/pipeline";
import { buildConnector, Pool, request as undiciRequest } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { startDepartureWatch, type Departure } from "../src/departure-watch.ts";
import { postOnce, type Post } from "../src/post-once.ts";
import { clientOf, ORDER } from "./clients.ts";
import { closedPort, onceRequestRead, startTcpServer, type Listening } from "./listening-server.ts";

const ANSWERS: Record<string, string> = {
  accept: 'HTTP/1.1 200 OK\r\n\r\n{"code":200,"message":"success","data":{"taskId":"TASK"}}',
  throttle: 'HTTP/1.1 429 Too Many\r\n\r\n{"code":429,"message":"slow"}',
};

/** Answers as the prompt says (`accept 7`, `reset 8` …), and only when all the requests that are due have come. */
async function startServerOfPrompts(due: number): Promise<Listening> {
  const waiting: (() => void)[] = [];
  const server = await startTcpServer((socket) =>
    onceRequestRead(socket, (request) => {
      const [, word = "", number = ""] = /"prompt":"(\w+) (\d+)"/.exec(request) ?? [];
      waiting.push(() => {
        const answer = ANSWERS[word];
        if (answer === undefined) socket.resetAndDestroy();
        else socket.end(answer.replace("TASK", `task_${number}`));
      });
      if (waiting.length === due) for (const go of waiting) go();
    }),
  );
  onTestFinished(() => server.stop());
  return server;
}

const SENT = ["made false", "ready false", "sent true", "answered true"];
const WITHDRAWN = ["made false", "ready false", "failed false"];

/** Posts through a pool and a watch, and tells what the watch knew of `left` at each moment of the request. */
function watchedPosts(server: Listening): (prompt: string, withdraw: boolean) => Promise<string[]> {
  const pool = new Pool(server.url, { allowH2: false });
  const watch = startDepartureWatch();
  onTestFinished(async () => {
    watch.stop();
    await pool.destroy();
  });
  return async (prompt, withdraw) => {
    const departure: Departure = { watched: false, left: false };
    const moments: string[] = [];
    const note = (moment: string): void => void moments.push(`${moment} ${departure.left}`);
    await new Promise<void>((resolve) => {
      const end = (moment: string): void => {
        note(moment);
        resolve();
      };
      watch.during(departure, { method: "POST", path: "/" }, () => {
        pool.dispatch(
          { method: "POST", path: "/", body: `{"prompt":"${prompt}"}`, reset: true },
          {
            onRequestStart(controller) {
              note("ready");
              if (withdraw) controller.abort(new Error("withdrawn"));
            },
            onRequestSent: () => note("sent"),
            onResponseStart() {},
            onResponseData() {},
            onResponseEnd: () => end("answered"),
            onResponseError: () => end("failed"),
          },
        );
        note(departure.watched ? "made" : "overlooked");
      });
    });
    return moments;
  };
}

describe("whether a request left", () => {
  it("is known for each of 50 at once, however they end, with strangers on the same channel", async () => {
    const words = ["accept", "reset", "withdraw", "throttle", "refused"];
    const strangers = 5;
    const server = await startServerOfPrompts(30 + 2 * strangers);
    const client = clientOf(server.url);
    const nowhere = clientOf(`http://127.0.0.1:${await closedPort()}`);
    // Node's own fetch and another user of undici publish on the very same channels.
    const body = '{"prompt":"throttle 0"}';
    const noise = Array.from({ length: strangers }, () => [
      fetch(server.url, { method: "POST", body }).then((response) => response.text()),
      undiciRequest(server.url, { method: "POST", body }).then((response) => response.body.text()),
    ]).flat();
    const orders = Array.from({ length: 50 }, (_, number) => {
      const word = words[number % words.length] ?? "";
      return { number, word, input: { ...ORDER.input, prompt: `${word} ${number}` } };
    });
    const results = await Promise.all(
      orders.map(async ({ word, input }) => {
        const sender = word === "refused" ? nowhere : client;
        return sender.generateTask({ input }, { maySend: () => word !== "withdraw" }).then(
          ({ taskId }) => taskId,
          ({ kind, code, requestLeft }: Failure) => `${kind} ${code} ${requestLeft}`,
        );
      }),
    );
    await Promise.all(noise);
    const expected: Record<string, string> = {
      reset: "unconfirmed answer_lost true",
      withdraw: "unavailable too_late_to_send false",
      throttle: "throttled rate_limited true",
      refused: "unavailable not_sent false",
    };
    expect(results).toEqual(orders.map(({ number, word }) => expected[word] ?? `task_${number}`));
  });

  it("is seen just before the first byte is written, for each of 50 requests by itself", async () => {
    const server = await startServerOfPrompts(25);
    const post = watchedPosts(server);
    const seen = await Promise.all(
      Array.from({ length: 50 }, (_, number) => post(`accept ${number}`, number % 2 === 0)),
    );
    expect(seen).toEqual(seen.map((_, number) => (number % 2 === 0 ? WITHDRAWN : SENT)));
  });

  it("is not confused by a request that another listener makes while ours is being made", async () => {
    const server = await startServerOfPrompts(1);
    const elsewhere = await startTcpServer((socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
    onTestFinished(() => elsewhere.stop());
    const nested: Promise<unknown>[] = [];
    let busy = false;
    const onCreate = (): void => {
      if (busy) return;
      busy = true;
      nested.push(undiciRequest(`${elsewhere.url}/metrics`, { method: "POST", body: "x" }));
    };
    // Before the watch, so that this listener is called first.
    subscribe("undici:request:create", onCreate);
    onTestFinished(() => void unsubscribe("undici:request:create", onCreate));
    expect(await watchedPosts(server)("accept 1", false)).toEqual(SENT);
    await Promise.all(nested);
    expect(nested).toHaveLength(1);
  });

  it("is made certain by sending nothing when nobody could see it leave", async () => {
    const server = await startServerOfPrompts(1);
    const watch = startDepartureWatch();
    const connect = buildConnector({ allowH2: false });
    let asked = 0;
    const post: Post = {
      origin: server.url,
      path: "/",
      headers: {},
      body: '{"prompt":"accept 1"}',
      deadlineMs: 5_000,
      maySend: () => (asked += 1) > 0,
    };
    expect(await postOnce(post, watch, connect)).toMatchObject({ left: true, answer: { status: 200 } });
    watch.stop();
    expect(await postOnce(post, watch, connect)).toMatchObject({ left: false });
    expect(asked).toBe(1);
  });
});
