import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type LookupFunction } from "node:net";
import { isPublicAddress } from "@rushes/guarded-dial";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDownloadGuard, type GuardRules } from "../src/download-guard.ts";
import { fetchResult } from "../src/fetch-result.ts";
import { startFileHost, type FileHost } from "./file-host.ts";
import { selfSigned } from "@rushes/test-rig";
import { failureOf, openTestStore, resultFile } from "./test-store.ts";

const forbidden = { kind: "unavailable", class: "archive", code: "result_url_forbidden" };

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

/** Counts who dials this machine, on every address of it. */
async function startListener(): Promise<{ port: number; dialled: () => number }> {
  let dialled = 0;
  const server = createTcpServer((socket) => {
    dialled += 1;
    socket.destroy();
  });
  server.listen(0, "::");
  await once(server, "listening").catch(async () => {
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
  });
  cleanUp.push(async () => {
    const closed = once(server, "close");
    server.close();
    await closed;
  });
  return { port: (server.address() as AddressInfo).port, dialled: () => dialled };
}

async function startHost(answer: Parameters<typeof startFileHost>[0], address?: string): Promise<FileHost> {
  const host = await startFileHost(answer, address);
  cleanUp.push(() => host.close());
  return host;
}

function link(rules: GuardRules) {
  const guard = createDownloadGuard(rules);
  const dispatcher = new Agent({ connect: guard.connect, allowH2: false });
  cleanUp.push(() => dispatcher.destroy());
  return { guard, dispatcher, userAgent: "test", signal: new AbortController().signal };
}

/** Answers the addresses in turn and then the last one for ever, like a name server of an attacker. */
function resolver(...answers: string[][]): LookupFunction & { asked: () => number } {
  let asked = 0;
  const lookup: LookupFunction = (_hostname, options, callback) => {
    const addresses = (answers[Math.min(asked, answers.length - 1)] ?? []).map((address) => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    asked += 1;
    const [first] = addresses;
    if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? "", first?.family);
  };
  return Object.assign(lookup, { asked: () => asked });
}

describe("URLs a stranger would like us to dial", () => {
  it.each([
    // schemes
    ["plain http", "http://example.com:PORT/"],
    ["a file", "file:///etc/passwd"],
    ["ftp", "ftp://127.0.0.1:PORT/"],
    ["data", "data:video/mp4;base64,AAAA"],
    ["no URL at all", "127.0.0.1:PORT"],
    ["an empty text", ""],
    ["no host", "https://./"],
    // loopback in every spelling
    ["loopback", "https://127.0.0.1:PORT/"],
    ["loopback, another of its addresses", "https://127.255.255.254:PORT/"],
    ["loopback as one decimal number", "https://2130706433:PORT/"],
    ["loopback in hex", "https://0x7f000001:PORT/"],
    ["loopback in hex and short", "https://0x7f.1:PORT/"],
    ["loopback in octal", "https://0177.0.0.1:PORT/"],
    ["loopback, short", "https://127.1:PORT/"],
    ["loopback with a trailing dot", "https://127.0.0.1.:PORT/"],
    ["loopback in full-width digits", "https://127。0。0。1:PORT/"],
    ["loopback, percent-encoded", "https://%31%32%37.0.0.1:PORT/"],
    ["loopback by name", "https://localhost:PORT/"],
    ["loopback by name with a trailing dot", "https://localhost.:PORT/"],
    ["loopback by name with two", "https://localhost..:PORT/"],
    ["loopback by a name below localhost", "https://a.localhost:PORT/"],
    ["this host", "https://0.0.0.0:PORT/"],
    ["this host as 0", "https://0:PORT/"],
    // IPv6
    ["IPv6 loopback", "https://[::1]:PORT/"],
    ["IPv6 loopback, written out", "https://[0:0:0:0:0:0:0:1]:PORT/"],
    ["IPv6 unspecified", "https://[::]:PORT/"],
    ["IPv4-mapped loopback", "https://[::ffff:127.0.0.1]:PORT/"],
    ["IPv4-mapped loopback in hex", "https://[::ffff:7f00:1]:PORT/"],
    ["IPv4-compatible loopback", "https://[::127.0.0.1]:PORT/"],
    ["NAT64 loopback", "https://[64:ff9b::7f00:1]:PORT/"],
    ["NAT64 with a local prefix", "https://[64:ff9b:1::7f00:1]:PORT/"],
    ["6to4 loopback", "https://[2002:7f00:1::1]:PORT/"],
    ["link-local IPv6", "https://[fe80::1]:PORT/"],
    ["unique-local IPv6", "https://[fd00::1]:PORT/"],
    ["multicast IPv6", "https://[ff02::1]:PORT/"],
    // other networks
    ["a private network", "https://10.0.0.1:PORT/"],
    ["another", "https://172.16.0.1:PORT/"],
    ["and another", "https://192.168.0.1:PORT/"],
    ["carrier-grade NAT", "https://100.64.0.1:PORT/"],
    ["link-local", "https://169.254.0.1:PORT/"],
    ["multicast", "https://224.0.0.1:PORT/"],
    ["broadcast", "https://255.255.255.255:PORT/"],
    // metadata services
    ["metadata", "https://169.254.169.254/latest/meta-data/"],
    ["metadata as a number", "https://2852039166/"],
    ["metadata over IPv6", "https://[fd00:ec2::254]/"],
    ["Alibaba's metadata", "https://100.100.100.200/"],
    ["Azure's wire server", "https://168.63.129.16/"],
    // users
    ["a user name", "https://user@example.com:PORT/"],
    ["a password", "https://user:secret@example.com:PORT/"],
    ["a user name that looks like a host", "https://example.com@127.0.0.1:PORT/"],
    ["a backslash in place of a slash", "https://127.0.0.1:PORT\\@example.com/"],
  ])("are refused and never dialled: %s", async (_name, url) => {
    const listener = await startListener();
    const store = openTestStore("http://127.0.0.1:1", { allowPrivateDownloads: false });
    cleanUp.push(() => store.close());
    const failure = await failureOf(store.archive(resultFile(url.replace("PORT", String(listener.port)))));
    expect(failure).toMatchObject({ ...forbidden, requestLeft: false });
    expect(failure.message).not.toContain("secret");
    expect(listener.dialled()).toBe(0);
  });

  it("are dialled when private downloads are allowed, which shows that the listener would have noticed", async () => {
    const listener = await startListener();
    const store = openTestStore("http://127.0.0.1:1");
    cleanUp.push(() => store.close());
    for (const host of ["127.0.0.1", "0x7f.1", "localhost."]) {
      const before = listener.dialled();
      await failureOf(store.archive(resultFile(`https://${host}:${listener.port}/`)));
      expect(listener.dialled()).toBeGreaterThan(before);
    }
  });
});

describe("names that resolve to what we may not dial", () => {
  const rules = { schemes: ["https:"], permitsAddress: isPublicAddress };

  it.each([
    ["loopback", ["127.0.0.1"]],
    ["IPv6 loopback", ["::1"]],
    ["an IPv4-mapped address", ["::ffff:127.0.0.1"]],
    ["a NAT64 address", ["64:ff9b::7f00:1"]],
    ["metadata", ["169.254.169.254"]],
    ["a public and a private address", ["1.1.1.1", "127.0.0.1"]],
    ["nothing", []],
  ])("are refused before anything is dialled: %s", async (_name, answer) => {
    const listener = await startListener();
    const lookup = resolver(answer);
    const failure = await failureOf(
      fetchResult(`https://files.example:${listener.port}/a.mp4`, link({ ...rules, lookup })),
    );
    expect(failure).toMatchObject(forbidden);
    expect(lookup.asked()).toBe(1);
    expect(listener.dialled()).toBe(0);
  });

  it("are resolved once per dial, so an answer that changes later is checked as well", async () => {
    const listener = await startListener();
    const first = await startHost((_, response) => response.writeHead(200, { connection: "close" }).end("x"));
    const lookup = resolver(["127.0.0.1"], ["127.0.0.2"]);
    const rebinding = link({
      schemes: ["http:"],
      permitsAddress: (address) => address === "127.0.0.1",
      lookup,
    });
    const url = `http://files.example:${first.port}/a.mp4`;
    const answer = await fetchResult(url, rebinding);
    await answer.body.dump();
    expect(await failureOf(fetchResult(url, rebinding))).toMatchObject(forbidden);
    expect(lookup.asked()).toBe(2);
    expect(listener.dialled()).toBe(0);
  });
});

describe("redirects", () => {
  const onlyFirst = {
    schemes: ["https:", "http:"],
    permitsAddress: (address: string) => address === "127.0.0.1",
  };

  it.each([301, 302, 303, 307, 308])("are followed by hand: %i", async (status) => {
    const host = await startHost((request, response) => {
      if (request.url === "/a") response.writeHead(status, { location: "/b?c=d" }).end();
      else response.end(request.url);
    });
    const answer = await fetchResult(`${host.url}/a`, link(onlyFirst));
    expect(await answer.body.text()).toBe("/b?c=d");
  });

  it("are followed three times and not four", async () => {
    const host = await startHost((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
      else response.end("here");
    });
    const answer = await fetchResult(`${host.url}/3`, link(onlyFirst));
    expect(await answer.body.text()).toBe("here");
    expect(await failureOf(fetchResult(`${host.url}/4`, link(onlyFirst)))).toMatchObject(forbidden);
    expect(host.requests).toHaveLength(8);
  });

  it.each([
    "http://127.0.0.2:PORT/",
    "http://0x7f.2:PORT/",
    "//127.0.0.2:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.2]:PORT/",
    "http://user@127.0.0.1:PORT/",
    "file:///etc/passwd",
    "http://",
  ])("to %s are checked like the first URL and not dialled", async (target) => {
    const listener = await startListener();
    const location = target.replace("PORT", String(listener.port));
    const host = await startHost((_, response) => response.writeHead(302, { location }).end());
    expect(await failureOf(fetchResult(`${host.url}/a`, link(onlyFirst)))).toMatchObject(forbidden);
    expect(listener.dialled()).toBe(0);
  });

  it("from https to http are refused", async () => {
    const listener = await startListener();
    const tls = await startTlsHost("files.example", `http://files.example:${listener.port}/`);
    const rules = {
      schemes: ["https:"],
      permitsAddress: () => true,
      lookup: resolver(["127.0.0.1"]),
      ca: tls.cert,
    };
    expect(await failureOf(fetchResult(`${tls.url}/a`, link(rules)))).toMatchObject(forbidden);
    expect(tls.requests()).toBe(1);
    expect(listener.dialled()).toBe(0);
  });
});

describe("TLS", () => {
  it("is spoken to the name of the URL, trailing dot or not, and its certificate is checked", async () => {
    const tls = await startTlsHost("files.example");
    const rules = { schemes: ["https:"], permitsAddress: () => true, lookup: resolver(["127.0.0.1"]) };
    for (const url of [tls.url, tls.url.replace("example", "example.")]) {
      const answer = await fetchResult(`${url}/a`, link({ ...rules, ca: tls.cert }));
      expect(await answer.body.text()).toBe("over TLS");
    }
    const stranger = await failureOf(fetchResult(`${tls.url}/a`, link(rules)));
    expect(stranger).toMatchObject({ code: "result_unreachable", httpStatus: undefined });
    const otherName = fetchResult(tls.url.replace("files", "other"), link({ ...rules, ca: tls.cert }));
    expect(await failureOf(otherName)).toMatchObject({ code: "result_unreachable" });
    expect(tls.requests()).toBe(2);
  });
});

describe("the list of download hosts", () => {
  let host: FileHost;
  beforeEach(async () => {
    host = await startHost((_, response) => response.end("x"));
  });

  it.each([
    ["files.example", ["files.example"]],
    ["FILES.example", ["Files.Example."]],
    ["files.example.", ["files.example"]],
    ["a.files.example", ["*.files.example"]],
    ["b.a.files.example", ["nothing.example", "*.files.example"]],
    ["anything.example", []],
  ])("lets %s through for %j", async (name, hosts) => {
    const rules = { schemes: ["http:"], permitsAddress: () => true, hosts, lookup: resolver(["127.0.0.1"]) };
    const answer = await fetchResult(`http://${name}:${host.port}/`, link(rules));
    expect(await answer.body.text()).toBe("x");
  });

  it.each([
    ["files.example", ["*.files.example"]],
    ["evilfiles.example", ["files.example", "*.files.example"]],
    ["files.example.evil.example", ["files.example", "*.files.example"]],
    ["a.files.example", ["files.example"]],
    ["127.0.0.1", ["files.example"]],
  ])("keeps %s out for %j", async (name, hosts) => {
    const rules = { schemes: ["http:"], permitsAddress: () => true, hosts, lookup: resolver(["127.0.0.1"]) };
    expect(await failureOf(fetchResult(`http://${name}:${host.port}/`, link(rules)))).toMatchObject(
      forbidden,
    );
    expect(host.connections()).toBe(0);
  });
});

async function startTlsHost(name: string, redirectTo?: string) {
  const identity = selfSigned(name);
  let requests = 0;
  const server: Server = createServer(identity, (_request, response) => {
    requests += 1;
    if (redirectTo === undefined) response.end("over TLS");
    else response.writeHead(302, { location: redirectTo }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return {
    cert: identity.cert,
    url: `https://${name}:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
  };
}
