import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createClient, RushesError, type Phase } from "../src/index.ts";
import {
  json,
  problem,
  startScriptedApi,
  video,
  type Reply,
  type ScriptedApi,
  type Seen,
} from "./scripted-api.ts";

let api: ScriptedApi | undefined;
afterEach(async () => {
  await api?.stop();
  api = undefined;
});

/** An api with one video, in the state that the test says, and a stream of events that does what the test says. */
async function startOne(stream: (response: ServerResponse, seen: Seen) => void) {
  const state: { phase: Phase } = { phase: "queued" };
  const looks: Reply[] = [];
  api = await startScriptedApi((response, seen) => {
    if (seen.path.endsWith("/events")) stream(response, seen);
    else (looks.shift() ?? json(video(state.phase)))(response, seen);
  });
  const { url, seen } = api;
  const count = (isEvents: boolean): number =>
    seen.filter(({ path }) => path.endsWith("/events") === isEvents).length;
  return {
    rushes: createClient({ url }),
    state,
    seen,
    /** Answers of the next looks, before those of the video. */
    looks,
    looksMade: () => count(false),
    streamsOpened: () => count(true),
  };
}

function open(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 10\n\n");
}

function tell(response: ServerResponse, id: number, phase: Phase): void {
  const { status } = video(phase);
  response.write(`id: ${id}\ndata: ${JSON.stringify({ video_id: "vid_1", status, phase })}\n\n`);
}

describe("wait", () => {
  test("listens, and looks again only when it is told of the end", async () => {
    const one = await startOne((response) => {
      open(response);
      tell(response, 1, "queued");
      tell(response, 2, "generating");
      setTimeout(() => {
        one.state.phase = "completed";
        tell(response, 3, "completed");
      }, 50);
    });
    expect(await one.rushes.wait("vid_1")).toMatchObject({ status: "completed" });
    expect([one.looksMade(), one.streamsOpened()]).toEqual([2, 1]);
  });

  test("shows every change once", async () => {
    const phases: Phase[] = [];
    const one = await startOne((response) => {
      open(response);
      tell(response, 1, "queued");
      const steps: Phase[] = ["generating", "archiving", "failed"];
      const step = (): void => {
        const phase = steps.shift();
        if (phase === undefined) return;
        one.state.phase = phase;
        tell(response, 5 - steps.length, phase);
        setTimeout(step, 100);
      };
      setTimeout(step, 100);
    });
    const ended = await one.rushes.wait("vid_1", { onUpdate: ({ phase }) => phases.push(phase) });
    expect(ended.status).toBe("failed");
    expect(phases).toEqual(["queued", "generating", "archiving", "failed"]);
  });

  test("opens no stream for a video that has ended", async () => {
    const one = await startOne(open);
    one.state.phase = "cancelled";
    expect(await one.rushes.wait("vid_1")).toMatchObject({ status: "cancelled" });
    expect(one.streamsOpened()).toBe(0);
  });

  test("comes back to a stream that broke with the last event that it saw", async () => {
    const one = await startOne((response, { headers }) => {
      open(response);
      if (headers["last-event-id"] === undefined) {
        tell(response, 7, "generating");
        setTimeout(() => response.destroy(), 20);
      } else {
        one.state.phase = "completed";
        tell(response, 8, "completed");
      }
    });
    expect(await one.rushes.wait("vid_1")).toMatchObject({ status: "completed" });
    const streams = one.seen.filter(({ path }) => path.endsWith("/events"));
    expect(streams.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7"]);
  });

  test.each<[string, Reply]>([
    ["refused", problem(429, "too_many_streams")],
    ["cut at once", (response) => response.socket?.resetAndDestroy()],
  ])("looks from time to time where the stream is %s, and tries it twice only", async (_, stream) => {
    const one = await startOne(stream);
    const phases: string[] = [];
    const waiting = one.rushes.wait("vid_1", {
      onUpdate: ({ phase }) => {
        phases.push(phase);
        // After two looks that showed the same.
        const step = (): void => {
          if (one.looksMade() < 2) setTimeout(step, 10);
          else one.state.phase = "completed";
        };
        if (phase === "queued") step();
      },
    });
    expect(await waiting).toMatchObject({ status: "completed" });
    expect(phases).toEqual(["queued", "completed"]);
    expect(one.streamsOpened()).toBe(2);
  });

  test("survives an api that is away, also between the last event and the look", async () => {
    const one = await startOne((response) => {
      open(response);
      one.looks.push(problem(503, "redis_unavailable"), (reply) => reply.socket?.resetAndDestroy());
      one.state.phase = "completed";
      tell(response, 3, "completed");
      response.end();
    });
    expect(await one.rushes.wait("vid_1")).toMatchObject({ status: "completed" });
    expect([one.looksMade(), one.streamsOpened()]).toEqual([4, 1]);
  });

  test("ends with the api's word where there is no such video", async () => {
    const one = await startOne(open);
    one.looks.push(problem(404, "video_not_found"));
    await expect(one.rushes.wait("vid_1")).rejects.toMatchObject({ code: "video_not_found", status: 404 });
  });

  test("gives up when its time is over, and says what the video is", async () => {
    const one = await startOne((response) => {
      open(response);
      tell(response, 1, "generating");
    });
    one.state.phase = "generating";
    const error: unknown = await one.rushes
      .wait("vid_1", { timeoutMs: 200 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RushesError);
    expect(error).toMatchObject({ code: "wait_timeout", message: expect.stringContaining("is generating") });
  });

  test("takes any time", async () => {
    for (const timeoutMs of [60_000.5, Number.POSITIVE_INFINITY]) {
      const one = await startOne((response) => {
        open(response);
        one.state.phase = "completed";
        tell(response, 1, "completed");
      });
      expect(await one.rushes.wait("vid_1", { timeoutMs })).toMatchObject({ status: "completed" });
      await api?.stop();
      api = undefined;
    }
  });

  test("ends with the caller's own reason", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const one = await startOne((response) => {
      open(response);
      controller.abort(reason);
    });
    await expect(one.rushes.wait("vid_1", { signal: controller.signal })).rejects.toBe(reason);
  });

  test("subscribe orders once and waits", async () => {
    const one = await startOne((response) => {
      open(response);
      one.state.phase = "completed";
      tell(response, 3, "completed");
    });
    const ended = await one.rushes.subscribe({
      input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 },
    });
    expect(ended.status).toBe("completed");
    expect(one.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
  });
});
