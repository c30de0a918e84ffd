import type { Phase, Status } from "@rushes/client";
import { PHASES, STATUSES } from "@rushes/pipeline";
import type { Command, Given } from "../commands.ts";
import { EXIT } from "../exit-codes.ts";
import { UsageProblem } from "../usage-problem.ts";
import { writeLines } from "../write-lines.ts";
import { askApi, type Asking } from "./ask-api.ts";
import { countOf, TIMEOUT, timeoutMs } from "./count-flags.ts";
import { deliveryLine, LIST_HEADING, listLine } from "./caller-lines.ts";
import { ORDER_VALUES, orderFromFlags } from "./order-from-flags.ts";
import { orderVideos, type Wanted } from "./order-videos.ts";
import { parseOrder, readOrders } from "./read-orders.ts";

const ID = "vid_01kaz3m1s8q4n0w2c9e7h5r6t4";
const JSON_LINES = "as the api answers it, one video per line";

/** What callers do, over HTTP: RUSHES_URL says where, RUSHES_API_KEY is their key. */
export const ORDER_COMMANDS: Readonly<Record<string, Command>> = {
  order: {
    summary: "order a video, or many from a file; prints the ids",
    flags: {
      wait: "until they have ended: exit code 0 when all are completed, 1 when one failed",
      "dry-run": "what it would cost and when it would be done; orders nothing",
      json: JSON_LINES,
    },
    values: {
      ...ORDER_VALUES,
      input: { takes: "json", about: "the order as JSON, or only its input, instead of these flags" },
      "input-file": { takes: "path", about: "orders as NDJSON, one a line; - for standard input" },
      "idempotency-key": {
        takes: "key",
        about: "your own name for it: with the same one it is ordered once",
      },
      timeout: TIMEOUT,
    },
    examples: [
      'order --prompt "A lighthouse at dusk" --wait',
      'order --prompt "It comes closer" --image https://images.example/ship.jpg --duration 10',
      "order --input-file orders.ndjson --idempotency-key night-24 --wait --json",
      "order --input-file - --dry-run < orders.ndjson",
    ],
    run: async (flags, context, given) => {
      const wish = {
        idempotencyKey: given.values["idempotency-key"],
        isDryRun: flags["dry-run"] === true,
        waits: flags["wait"] === true,
        timeoutMs: timeoutMs(given),
        asJson: flags["json"] === true,
      };
      const choose = chooseOrders(given);
      return await askApi(context, async (asking) => orderVideos(asking, await choose(asking), wish));
    },
  },
  list: {
    summary: "list your videos, newest first",
    flags: { json: JSON_LINES, all: "not only the newest 20" },
    values: {
      status: { takes: "status", about: `only ${STATUSES.join(", ")}` },
      phase: { takes: "phase", about: `only ${PHASES.join(", ")}` },
      limit: { takes: "n", about: "so many; 20 unless given" },
    },
    examples: ["list --status in_progress", "list --all --json | jq -r .id"],
    run: (flags, context, { values }) => {
      const status = oneOf<Status>("status", STATUSES, values["status"]);
      const phase = oneOf<Phase>("phase", PHASES, values["phase"]);
      const limit = flags["all"] === true ? Number.POSITIVE_INFINITY : countOf("limit", values, 20);
      const asJson = flags["json"] === true;
      return askApi(context, async ({ rushes, output, aside }) => {
        let count = 0;
        async function* lines(): AsyncGenerator<string> {
          for await (const video of rushes.list({ status, phase, pageSize: Math.min(limit, 100) })) {
            if (count === 0 && !asJson) yield LIST_HEADING;
            count += 1;
            yield asJson ? JSON.stringify(video) : listLine(video);
            if (count >= limit) return;
          }
        }
        await writeLines(output, lines());
        if (count === 0) aside.say("There is no such video.");
        return EXIT.ok;
      });
    },
  },
  cancel: {
    summary: "end a video, while nothing can have been charged",
    flags: { json: "as the api answers it" },
    words: ["video"],
    examples: [`cancel ${ID}`],
    run: (flags, context, given) =>
      askApi(context, async ({ rushes, say }) => {
        const video = await rushes.cancel(idOf(given));
        say(flags["json"] === true ? JSON.stringify(video) : `${video.id} is ${video.phase}.`);
        return EXIT.ok;
      }),
  },
  download: {
    summary: "store a finished video's file, checked against the recorded size and SHA-256",
    flags: { url: "print a link to it instead, which needs no key and is good for minutes" },
    words: ["video"],
    values: {
      output: { takes: "path", about: "where to; <video>.mp4 in this folder unless given" },
      n: { takes: "n", about: "which of several files, from 1" },
    },
    examples: [`download ${ID}`, `download ${ID} --output lighthouse.mp4`],
    run: (flags, context, given) => {
      const id = idOf(given);
      const n = countOf("n", given.values, 1);
      const path = given.values["output"] ?? (n === 1 ? `${id}.mp4` : `${id}-${n}.mp4`);
      return askApi(context, (asking) =>
        flags["url"] === true ? printLink(asking, id, n) : storeFile(asking, { id, n, path }),
      );
    },
  },
  deliveries: {
    summary: "list the webhooks of a video, and what came of them",
    flags: { json: "as the api answers it, one webhook per line" },
    words: ["video"],
    examples: [`deliveries ${ID}`],
    run: (flags, context, given) =>
      askApi(context, async ({ rushes, say, aside }) => {
        const deliveries = await rushes.deliveries(idOf(given));
        for (const one of deliveries) say(flags["json"] === true ? JSON.stringify(one) : deliveryLine(one));
        if (deliveries.length === 0) aside.say("No webhook is or was owed for it.");
        return EXIT.ok;
      }),
  },
  replay: {
    summary: "send a webhook again",
    flags: {},
    words: ["video", "delivery"],
    examples: [`replay ${ID} ${ID}_5`],
    run: (_flags, context, given) =>
      askApi(context, async ({ rushes, say }) => {
        say(deliveryLine(await rushes.replay(idOf(given), given.words["delivery"] ?? "")));
        return EXIT.ok;
      }),
  },
};

/** Says what is ordered, as soon as there is somewhere to read it from. */
function chooseOrders({ values, lists }: Given): (asking: Asking) => Promise<Wanted> {
  const { input, "input-file": file } = values as { input?: string; "input-file"?: string };
  const described = orderFromFlags(values, lists["image"] ?? []);
  const sources = [input, file, described].filter((source) => source !== undefined);
  if (sources.length !== 1)
    throw new UsageProblem("Say what to order in one way: --prompt, --input or --input-file.");
  if (file !== undefined) return async (asking) => ({ many: await readOrders(file, asking.input) });
  const one = described ?? parseOrder(input ?? "", "--input");
  return async () => ({ one });
}

async function storeFile(
  { rushes, say }: Asking,
  { id, n, path }: { id: string; n: number; path: string },
): Promise<number> {
  try {
    const { bytes, sha256 } = await rushes.download(id, path, { n });
    say(`${path} (${bytes} bytes, SHA-256 ${sha256})`);
    return EXIT.ok;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).errno !== "number") throw error;
    throw new UsageProblem(`--output: ${path} cannot be written: ${(error as Error).message}`);
  }
}

async function printLink({ rushes, say }: Asking, id: string, n: number): Promise<number> {
  say(await rushes.contentUrl(id, { n }));
  return EXIT.ok;
}

function idOf({ words }: Given): string {
  return words["video"] ?? "";
}

function oneOf<Name extends string>(
  flag: string,
  names: readonly Name[],
  text: string | undefined,
): Name | undefined {
  if (text === undefined) return undefined;
  const found = names.find((name) => name === text);
  if (found === undefined) throw new UsageProblem(`--${flag} is one of ${names.join(", ")}.`);
  return found;
}
