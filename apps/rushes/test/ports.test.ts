import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { choosePort } from "../src/up/ports.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function takenPort(host: string): Promise<number> {
  server = createServer().listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

for (const host of ["127.0.0.1", "0.0.0.0", "::"]) {
  test(`a preferred port that somebody has on ${host} is replaced`, async () => {
    const preferred = await takenPort(host);
    const { port, isSubstitute } = await choosePort({ preferred });
    expect(isSubstitute).toBe(true);
    expect(port).not.toBe(preferred);
    expect(port).toBeGreaterThan(0);
  });
}

test("a preferred port that is free is used", async () => {
  const preferred = await takenPort("127.0.0.1");
  server?.close();
  expect(await choosePort({ preferred })).toEqual({ port: preferred, isSubstitute: false });
});

test("a port that was set is used even when it is taken, so that the failure names it", async () => {
  const set = await takenPort("127.0.0.1");
  expect(await choosePort({ set, preferred: 1 })).toEqual({ port: set, isSubstitute: false });
});

test("0 and no wish at all mean any free port", async () => {
  for (const wish of [{ set: 0, preferred: 1 }, {}]) {
    const { port, isSubstitute } = await choosePort(wish);
    expect(port).toBeGreaterThan(1);
    expect(isSubstitute).toBe(false);
  }
});
