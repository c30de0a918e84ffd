import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import type { CommandContext } from "../commands.ts";
import { UsageProblem } from "../usage-problem.ts";
import { overApi } from "./over-api.ts";

const context = (url: string): CommandContext => ({
  environment: { RUSHES_URL: url },
  root: "/",
  terminal: { say: () => {}, progress: () => {}, endProgress: () => {} },
});
const pauseSubmit = (url: string): Promise<number> =>
  overApi(context(url), async ({ api }) => ((await api.pauseSubmit()).paused ? 0 : 1));

test.each([
  ["does what was asked", 200, { object: "submit", paused: true, paused_by: "ops", paused_at: 1 }, 0],
  ["refuses", 403, { code: "admin_only", title: "For operators", detail: "Not you." }, 1],
  ["cannot now", 503, { code: "redis_unavailable", title: "Away", detail: "Later." }, 3],
  ["asks for patience, without a word", 429, null, 3],
  ["is no api", 200, { hello: "world" }, 1],
])("an api that %s", async (_, status, answer, exitCode) => {
  const heard = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const server = createServer((_request, response) => {
    response.writeHead(status, { connection: "close" }).end(answer === null ? "" : JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await pauseSubmit(`http://127.0.0.1:${port}`)).toBe(exitCode);
  expect(heard.mock.calls.length).toBe(exitCode === 0 ? 0 : 1);
  server.close();
  heard.mockRestore();
});

test("an api that is not there leaves it open, and says that it may have been done", async () => {
  const heard = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await pauseSubmit("http://127.0.0.1:1")).toBe(3);
  expect(String(heard.mock.calls[0]?.[0])).toContain("It is not known whether it was done");
  heard.mockRestore();
});

test("an address that is none is wrong usage", async () => {
  await expect(pauseSubmit("nonsense")).rejects.toThrow(UsageProblem);
});
