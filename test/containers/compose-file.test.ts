import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import {
  activeServices,
  containerEnvironment,
  durationMs,
  readComposeFile,
  readRawFile,
  readVariables,
  ROOT,
  type Service,
} from "./compose-file.ts";

const WORKERS = ["submit", "poll", "archive", "notify"];
const LOCAL = readComposeFile({});
const services = Object.entries(LOCAL.services);

function service(name: string, dotEnv: Record<string, string> = {}): Service {
  const found = readComposeFile(dotEnv).services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}

function environmentOf(name: string, dotEnv: Record<string, string>): Record<string, string> {
  return containerEnvironment(service(name, dotEnv), dotEnv);
}

describe("the file", () => {
  const folder = resolve(createRequire(import.meta.url).resolve("dclint/package.json"), "../schemas");
  // It names its dialect by an address that Ajv does not know; draft 7 is Ajv's default.
  const { $schema: _dialect, ...schema } = JSON.parse(
    readFileSync(resolve(folder, "compose.schema.json"), "utf8"),
  );
  const isValid = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

  test("is valid by the schema of the Compose specification", () => {
    expect(isValid(readRawFile()), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid(LOCAL), JSON.stringify(isValid.errors)).toBe(true);
  });

  test.each([
    ["a misspelt key", { comand: [] }],
    ["a condition that does not exist", { depends_on: { redis: { condition: "up" } } }],
    ["replicas that are no number", { deploy: { replicas: [] } }],
  ])("would not be valid with %s", (_wrong, fields) => {
    const spoilt = { ...LOCAL, services: { ...LOCAL.services, api: { ...service("api"), ...fields } } };
    expect(isValid(spoilt)).toBe(false);
  });

  test("has every part", () => {
    expect(new Set(Object.keys(LOCAL.services))).toEqual(
      new Set(["api", "archive", "board", "notify", "poll", "redis", "sandbox", "store", "submit"]),
    );
    expect(WORKERS.map((name) => service(name).environment?.["ROLES"])).toEqual([
      "submit",
      "poll,sweep",
      "archive",
      "notify",
    ]);
  });

  test("declares every volume that is mounted, and mounts every one", () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((mount) => mount.split(":")[0]));
    expect(new Set(mounted)).toEqual(new Set(Object.keys(LOCAL.volumes)));
  });

  test("depends on services that exist and tell whether they are healthy", () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(LOCAL.services[other]?.healthcheck, `${name} depends on ${other}`).toBeDefined();
        expect(condition).toBe("service_healthy");
      }
    }
  });
});

describe("scaling and stopping", () => {
  test("workers run more than once", () => {
    for (const name of WORKERS) expect(service(name).deploy?.replicas, name).toBeGreaterThan(1);
  });

  test("what runs more than once has neither a name nor a published port of its own", () => {
    for (const [name, { container_name, ports = [], deploy }] of services) {
      expect(container_name, name).toBeUndefined();
      if ((deploy?.replicas ?? 1) > 1) expect(ports, name).toEqual([]);
    }
  });

  test("ports are published to this machine only", () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test.each(["api", "board", ...WORKERS])("%s is given longer to stop than it takes to drain", (name) => {
    const drainMs = Number(environmentOf(name, readVariables(".env.example"))["DRAIN_MS"]);
    expect(drainMs).toBeGreaterThan(0);
    expect(durationMs(service(name).stop_grace_period ?? "0s")).toBeGreaterThan(drainMs + 5_000);
  });
});

describe("local parts", () => {
  test("with nothing set, `--profile sandbox` starts them all; without it none", () => {
    expect(activeServices(LOCAL, ["sandbox"])).toEqual(services.map(([name]) => name));
    expect(activeServices(LOCAL, [])).not.toContain("sandbox");
    expect(activeServices(LOCAL, [])).not.toContain("store");
  });

  test("a copied .env.example changes nothing of that", () => {
    const copied = readVariables(".env.example");
    expect(readComposeFile(copied)).toEqual(LOCAL);
  });

  test("their files exist", () => {
    const paths = services.flatMap(([, { env_file = [] }]) =>
      (typeof env_file === "string" ? [{ path: env_file }] : env_file).map(({ path }) => path),
    );
    expect(paths.filter((path) => path !== ".env" && !existsSync(resolve(ROOT, path)))).toEqual([]);
    expect(new Set(paths).size).toBe(6);
  });

  test("every address in an environment is that of a service, but for the links that the api gives out", () => {
    const LINKS = "http://127.0.0.1:8333";
    expect(environmentOf("api", {})["AWS_ENDPOINT_URL_S3"]).toBe(LINKS);
    expect(LOCAL.services["store"]?.ports).toEqual([`${new URL(LINKS).host}:8333`]);
    const addresses = services
      .flatMap(([name]) => Object.values(environmentOf(name, {})))
      .filter((value) => /^(redis|http):/.test(value) && value !== LINKS);
    expect(addresses.length).toBeGreaterThan(10);
    for (const address of addresses) expect(Object.keys(LOCAL.services)).toContain(new URL(address).hostname);
  });

  test("a bucket of one's own takes the place of the store", () => {
    const own = { ARCHIVE_BUCKET: "ours" };
    expect(activeServices(readComposeFile(own), ["sandbox"])).not.toContain("store");
    const environment = environmentOf("archive", own);
    expect(environment["ARCHIVE_BUCKET"]).toBe("ours");
    expect(environment["AWS_ENDPOINT_URL_S3"]).toBeUndefined();
    expect(environment["AWS_ACCESS_KEY_ID"]).toBeUndefined();
    expect(environmentOf("archive", {})).toMatchObject({ AWS_ENDPOINT_URL_S3: "http://store:8333" });
  });

  test("a provider's key takes the place of the sandbox", () => {
    const real = { APIXO_API_KEY: "a-real-one" };
    expect(activeServices(readComposeFile(real), ["sandbox"])).not.toContain("sandbox");
    for (const name of ["submit", "poll", "archive"]) {
      const environment = environmentOf(name, real);
      expect(environment["APIXO_API_KEY"]).toBe("a-real-one");
      expect(environment["APIXO_BASE_URL"]).toBeUndefined();
      expect(environment["ALLOW_PRIVATE_DOWNLOADS"]).toBeUndefined();
      expect(environment["POLL_FIRST_MS"]).toBeUndefined();
      expect(environmentOf(name, {})).toMatchObject({ APIXO_BASE_URL: "http://sandbox:4010/api/v1" });
    }
  });

  test("the known logins are there only while no order costs money, and go when others are set", () => {
    expect(environmentOf("api", {})["API_KEYS"]).toMatch(/^local:/);
    expect(environmentOf("board", {})["BOARD_USERS"]).toMatch(/^local:/);
    for (const other of [{ APIXO_API_KEY: "a-real-one" }, { API_KEYS: "ours", BOARD_USERS: "ours" }]) {
      expect(environmentOf("api", other)["API_KEYS"] ?? "").not.toMatch(/local/);
      expect(environmentOf("board", other)["BOARD_USERS"] ?? "").not.toMatch(/local/);
    }
  });

  test("the store makes the bucket that the archive uses, and is healthy only with it", () => {
    const bucket = environmentOf("archive", {})["ARCHIVE_BUCKET"];
    expect(service("store").command).toContain(`-bucket=${bucket}`);
    expect(service("store").healthcheck.test.join(" ")).toContain(`/buckets/${bucket}/`);
    const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
    const ofStore = environmentOf("store", {});
    const ofArchive = environmentOf("archive", {});
    expect(keys.map((key) => ofStore[key])).toEqual(keys.map((key) => ofArchive[key]));
  });

  test("the sandbox writes its tasks into its volume", () => {
    const mount = service("sandbox").volumes?.[0]?.split(":")[1];
    expect(environmentOf("sandbox", {})["SANDBOX_STATE_FILE"]).toMatch(new RegExp(`^${mount}/`));
  });
});

describe("secrets", () => {
  /** Which processes have a use for it; the other ones must find it empty. */
  const USERS: Record<string, readonly string[]> = {
    APIXO_API_KEY: ["submit", "poll", "archive"],
    APIXO_ACCOUNTS: ["submit", "poll", "archive"],
    CALLBACK_SECRET: ["api", "submit", "poll", "archive"],
    WEBHOOK_SECRET: ["notify"],
    AWS_ACCESS_KEY_ID: ["api", "archive", "board"],
    AWS_SECRET_ACCESS_KEY: ["api", "archive", "board"],
    AWS_SESSION_TOKEN: ["api", "archive", "board"],
    API_KEYS: ["api"],
    BOARD_USERS: ["board"],
  };
  const everything = {
    ARCHIVE_BUCKET: "ours",
    ...Object.fromEntries(Object.keys(USERS).map((name) => [name, `the-${name}`])),
  };

  test.each(Object.entries(USERS))("%s reaches those that use it, and nobody else", (secret, users) => {
    // The store runs only without a bucket of one's own, with the credentials of its own file.
    const names = services.map(([name]) => name).filter((name) => name !== "store");
    const seeing = names.filter((name) => environmentOf(name, everything)[secret] === `the-${secret}`);
    expect(new Set(seeing)).toEqual(new Set(users));
  });

  test("none is written into the file", () => {
    const isSecret = (name: string): boolean => /KEY|SECRET|TOKEN|PASSWORD|USERS|ACCOUNTS/.test(name);
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (isSecret(variable)) expect(value, `${name}: ${variable}`).toBe("");
        else expect(value, `${name}: ${variable}`).not.toMatch(/\/\/[^/]*@/);
      }
    }
  });
});
