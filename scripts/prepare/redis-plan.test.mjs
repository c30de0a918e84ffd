import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isAtLeast, packagesToUnpack, serverVersion, waysToRedis, wrapperScript } from "./redis-plan.mjs";

describe("waysToRedis", () => {
  const bare = { redisUrl: undefined, servers: [], hasAptGet: false, isRoot: false, hasHomebrew: false };
  const ways = (machine) => waysToRedis({ ...bare, ...machine }).map(({ way }) => way);
  const debian = { hasAptGet: true, isRoot: true };
  const server = { path: "/usr/bin/redis-server", version: "7.0.15" };

  test("a configured server comes before everything", () => {
    expect(ways({ ...debian, redisUrl: "redis://there", servers: [server] })).toEqual(["configured"]);
    expect(ways({ ...debian, redisUrl: "", servers: [server] })).toEqual(["present"]);
  });

  test("a server on PATH comes before any installation", () => {
    expect(waysToRedis({ ...bare, ...debian, servers: [server] })).toEqual([{ way: "present", ...server }]);
  });

  test("a server that is too old is passed over for a newer one, or for an installation", () => {
    const old = { path: "/usr/bin/redis-server", version: "5.0.7" };
    const valkey = { path: "/usr/bin/valkey-server", version: "8.1.0" };
    expect(waysToRedis({ ...bare, servers: [old, valkey] })).toEqual([{ way: "present", ...valkey }]);
    expect(ways({ servers: [old], hasHomebrew: true })).toEqual(["homebrew", "ask"]);
  });

  test("root on Debian installs, others unpack", () => {
    expect(ways({ ...debian, hasHomebrew: true })).toEqual(["apt-install", "apt-unpack", "homebrew", "ask"]);
    expect(ways({ hasAptGet: true })).toEqual(["apt-unpack", "ask"]);
  });

  test("a machine that offers nothing is told what to do", () => {
    expect(ways({})).toEqual(["ask"]);
  });
});

test("versions are read from what Redis and Valkey print", () => {
  expect(serverVersion("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")).toBe("7.0.15");
  expect(serverVersion("Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")).toBe("8.1.1");
  expect(serverVersion("error while loading shared libraries: liblzf.so.1")).toBeNull();
});

test("versions are compared by number, part by part", () => {
  expect(isAtLeast("6.2.0", "6.2")).toBe(true);
  expect(isAtLeast("10.0.1", "6.2")).toBe(true);
  expect(isAtLeast("6.0.16", "6.2")).toBe(false);
});

describe("packagesToUnpack", () => {
  const depends = [
    "redis-server",
    "  PreDepends: init-system-helpers",
    "  Depends: redis-tools",
    "init-system-helpers",
    " |Depends: usrmerge",
    "  Depends: usr-is-merged",
    "usrmerge",
    "  Depends: libfile-find-rule-perl",
    "redis-tools",
    "  Depends: adduser",
    "  Depends: libc6",
    "  Depends: libjemalloc2",
    " |Depends: libfirst1",
    "  Depends: libsecond1",
    "  Depends: libsystemd0",
    "    libelogind0",
    "libjemalloc2",
    "  Depends: libstdc++6",
    "adduser",
    "  Depends: passwd",
    "passwd",
    "  Depends: libpam0g",
  ].join("\n");

  test("follows libraries and parts of Redis, and nothing that only serves the system", () => {
    const installed = "libc6 installed\nlibsystemd0 installed\nadduser installed\nlibstdc++6 config-files\n";
    expect(packagesToUnpack(depends, installed)).toEqual([
      "redis-server",
      "redis-tools",
      "libjemalloc2",
      "libfirst1",
      "libstdc++6",
    ]);
  });

  test("takes the parts of Redis even when they are installed, because one links to the other", () => {
    expect(packagesToUnpack(depends, "redis-tools installed\n")).toContain("redis-tools");
  });

  test("is empty when the lists do not know Redis", () => {
    expect(packagesToUnpack("E: No packages found\n", "")).toEqual([]);
  });
});

describe("wrapperScript", () => {
  let folder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rushes wrapper-"));
    mkdirSync(join(folder, "data/bin"), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("runs the server with its libraries, also after the data folder has moved", () => {
    const script = wrapperScript({ server: "real", libraries: ["lib one", "/lib/two"] });
    writeFileSync(join(folder, "data/bin/redis-server"), script, { mode: 0o755 });
    writeFileSync(join(folder, "data/real"), '#!/bin/sh\necho "$LD_LIBRARY_PATH" "$@"\n');
    chmodSync(join(folder, "data/real"), 0o755);
    renameSync(join(folder, "data"), join(folder, "moved"));
    const output = execFileSync(join(folder, "moved/bin/redis-server"), ["--port", "0"], {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    expect(output).toBe(`${folder}/moved/lib one:/lib/two --port 0\n`);
  });

  test("leaves the library path alone for a server that needs none", () => {
    expect(wrapperScript({ server: "/usr/bin/valkey-server" })).not.toContain("LD_LIBRARY_PATH");
  });
});
