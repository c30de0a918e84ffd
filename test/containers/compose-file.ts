import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { parse } from "yaml";
import { interpolate } from "./interpolate.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

/** The fields of a service that the tests look at, as docker-compose.yml spells them. */
export type Service = {
  image: string;
  build?: string;
  command: string[];
  container_name?: string;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
  env_file?: string | { path: string; required?: boolean }[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string; required?: boolean }>;
  healthcheck: { test: string[] };
  stop_grace_period?: string;
  deploy?: { replicas?: number };
};

export type ComposeFile = { services: Record<string, Service>; volumes: Record<string, unknown> };

/** docker-compose.yml with anchors and merge keys resolved, and `${…}` too: from the variables of an .env file. */
export function readComposeFile(dotEnv: Readonly<Record<string, string>>): ComposeFile {
  return interpolated(readRawFile(), dotEnv) as ComposeFile;
}

/** The same before `${…}` is replaced. */
export function readRawFile(): unknown {
  return parse(readFileSync(resolve(ROOT, "docker-compose.yml"), "utf8"), { merge: true });
}

function interpolated(node: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof node === "string") return interpolate(node, variables);
  if (Array.isArray(node)) return node.map((item) => interpolated(item, variables));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, interpolated(value, variables)]),
  );
}

/** The services that start when these profiles are asked for. */
export function activeServices(file: ComposeFile, profiles: readonly string[]): string[] {
  return Object.entries(file.services)
    .filter(([, { profiles: own = [] }]) => own.length === 0 || own.some((name) => profiles.includes(name)))
    .map(([name]) => name);
}

/** What a container of the service finds in its environment: its files in their order, then `environment`. */
export function containerEnvironment(
  service: Service,
  dotEnv: Readonly<Record<string, string>>,
): Record<string, string> {
  const files =
    typeof service.env_file === "string" ? [{ path: service.env_file }] : (service.env_file ?? []);
  const environment: Record<string, string> = {};
  for (const { path, required = true } of files) {
    if (path === ".env") Object.assign(environment, dotEnv);
    else if (existsSync(resolve(ROOT, path))) Object.assign(environment, readVariables(path));
    else if (required) throw new Error(`${path} does not exist`);
  }
  return { ...environment, ...service.environment };
}

/** The variables of a file such as .env.example. */
export function readVariables(path: string): Record<string, string> {
  const parsed = parseEnv(readFileSync(resolve(ROOT, path), "utf8"));
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, value ?? ""]));
}

/** A duration such as `45s`, in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+)s$/.exec(text);
  if (match === null) throw new Error(`${text}: write whole seconds, such as 45s`);
  return Number(match[1]) * 1000;
}
