import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { Copy, DockerfileParser, Env, From, type Instruction } from "dockerfile-ast";
import ignore from "ignore";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readComposeFile, ROOT } from "./compose-file.ts";

const read = (path: string): string => readFileSync(resolve(ROOT, path), "utf8");
const instructions = DockerfileParser.parse(read("Dockerfile")).getInstructions();

/** The instructions of each stage, `FROM` first. */
const stages: Instruction[][] = [];
for (const instruction of instructions) {
  if (instruction instanceof From) stages.push([]);
  stages.at(-1)?.push(instruction);
}
const build = stages[0] ?? [];
const final = stages.at(-1) ?? [];

/** The arguments of every instruction with this keyword, line breaks undone. */
function argumentsOf(stage: readonly Instruction[], keyword: string): string[] {
  return stage
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => (instruction.getArgumentsContent() ?? "").replaceAll(/\\\n\s*/g, ""));
}

const ignoreRules = read(".dockerignore")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const ignored = ignore().add(ignoreRules);

/** Below a folder, relative to the root; what dependencies bring is left out. */
function filesBelow(folder: string): string[] {
  return readdirSync(resolve(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path);
    return [path];
  });
}

describe("the image", () => {
  test("is built in one stage and made of what another needs, as a person without rights", () => {
    expect(stages.length).toBeGreaterThan(1);
    const copied = final.filter((instruction) => instruction instanceof Copy);
    expect(copied.length).toBeGreaterThan(0);
    for (const copy of copied) expect(copy.getFromFlag()?.getValue()).toBe("build");
    const users = argumentsOf(final, "USER");
    expect(users).toEqual([expect.stringMatching(/^[1-9]\d*(:[1-9]\d*)?$/)]);
    const after = final.slice(final.findIndex((instruction) => instruction.getKeyword() === "USER") + 1);
    expect(after.map((instruction) => instruction.getKeyword())).toEqual(["CMD"]);
  });

  test("runs Node in the version of the catalog, in production", () => {
    const catalog: Record<string, string> = parse(read("pnpm-workspace.yaml")).catalog;
    const major = catalog["node"]?.split(".")[0];
    const images = instructions.flatMap((instruction) =>
      instruction instanceof From ? [instruction.getImage()] : [],
    );
    for (const image of images) expect(image).toMatch(new RegExp(`^node:${major}(\\.\\d+)*-`));
    const variables = final.flatMap((line) => (line instanceof Env ? line.getProperties() : []));
    expect(variables.map((variable) => [variable.getName(), variable.getValue()])).toContainEqual([
      "NODE_ENV",
      "production",
    ]);
  });

  test("is installed by the pnpm of package.json, from the lockfile, without install scripts", () => {
    const runs = argumentsOf(build, "RUN").join("\n");
    const { packageManager } = JSON.parse(read("package.json"));
    expect(runs.match(/pnpm@[\w.]+/g)).toEqual([packageManager]);
    const installs = runs.match(/pnpm (install|fetch)[^&\n]*/g) ?? [];
    expect(installs).toHaveLength(3);
    for (const install of installs) expect(install).toContain("--ignore-scripts");
    for (const install of installs.slice(1)) expect(install).toContain("--offline --frozen-lockfile");
    expect(installs.at(-1)).toContain("--prod ");
  });

  test("downloads nothing again when only sources have changed", () => {
    const fetched = build.findIndex((line) => line.getArgumentsContent()?.startsWith("pnpm fetch") === true);
    const before = build.slice(0, fetched).filter((line) => line instanceof Copy);
    expect(before.map((line) => line.getArgumentsContent())).toEqual([
      "package.json pnpm-lock.yaml pnpm-workspace.yaml ./",
    ]);
  });

  test("has every file that a command starts", () => {
    const { services } = readComposeFile({});
    const commands = Object.values(services).filter((service) => service.build !== undefined);
    const started = [
      ...commands.map(({ command }) => command),
      ...argumentsOf(final, "CMD").map((text): string[] => JSON.parse(text)),
    ];
    expect(started.length).toBeGreaterThan(7);
    const built = /tsc -b (.*)/.exec(argumentsOf(build, "RUN").join("\n"))?.[1]?.split(" ") ?? [];
    for (const [program, path = ""] of started) {
      expect(program).toBe("node");
      const [, app = "", file = ""] = /^(apps\/\w+)\/dist\/(\w+)\.js$/.exec(path) ?? [];
      expect(existsSync(resolve(ROOT, app, `src/${file}.ts`)), path).toBe(true);
      expect(built).toContain(app);
      expect(argumentsOf(build, "RUN").join("\n")).toContain(
        `--filter-prod "@rushes/${app.slice("apps/".length)}..."`,
      );
    }
  });

  test("has a folder for the sandbox's tasks that its user may write to", () => {
    const mount = readComposeFile({}).services["sandbox"]?.volumes?.[0]?.split(":")[1] ?? "";
    const [user] = argumentsOf(final, "USER")[0]?.split(":") ?? [];
    expect(argumentsOf(final, "RUN")).toContain(`install -d -o ${user} -g ${user} ${mount}`);
  });
});

describe("what the build is given", () => {
  const copies = build.filter((instruction) => instruction instanceof Copy);
  const sources = copies.flatMap((copy) =>
    copy
      .getArguments()
      .slice(0, -1)
      .map((part) => part.getValue()),
  );

  test("is there and not ignored", () => {
    expect(sources).toContain("apps");
    for (const source of sources) {
      expect(existsSync(resolve(ROOT, source)), source).toBe(true);
      expect(ignored.ignores(source), source).toBe(false);
    }
  });

  test("is everything that is compiled or read at run time", () => {
    const needed = ["apps", "packages"]
      .flatMap(filesBelow)
      .filter((path) => /\/(src|assets|scripts)\/|\/(package|tsconfig)\.json$/.test(path))
      .filter((path) => !/\/(test|dist)\/|\.test\.ts$/.test(path));
    expect(needed.length).toBeGreaterThan(100);
    expect(needed.filter((path) => ignored.ignores(path))).toEqual([]);
  });

  test.each([
    ".env",
    ".git/config",
    ".data/redis",
    "node_modules/x/index.js",
    "apps/api/node_modules/x",
    "apps/api/dist/main.js",
    "test/running-system.ts",
    "docs/transitions.md",
  ])("is not %s", (path) => expect(ignored.ignores(path)).toBe(true));

  test("is chosen by rules that Docker and Git read alike", () => {
    for (const rule of ignoreRules) expect(rule).toMatch(/^(!?\/|\*\*\/)[^!\s]+$/);
  });
});

describe("the build's last step", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  test("leaves what runs, and no sources", () => {
    const step = argumentsOf(build, "RUN").at(-1) ?? "";
    expect(step).toMatch(/^for place in /);
    const folder = mkdtempSync(join(tmpdir(), "rushes-image-"));
    folders.push(folder);
    // As after the compiler: next to every source what it made of it, but where no process of the image leads.
    const unbuilt = /^(apps\/(bench|rushes)|packages\/test-rig)\//;
    for (const path of ["apps", "packages"].flatMap(filesBelow)) {
      if (path.includes("/dist/")) continue;
      cpSync(resolve(ROOT, path), join(folder, path));
      const made = join(folder, path.replace("/src/", "/dist/").replace(/\.ts$/, ""));
      if (!path.includes("/src/") || path.endsWith(".test.ts") || unbuilt.test(path)) continue;
      mkdirSync(dirname(made), { recursive: true });
      for (const ending of [".js", ".d.ts", ".js.map"]) writeFileSync(made + ending, "");
    }
    const dependency = join(folder, "node_modules/.pnpm/x/node_modules/x");
    mkdirSync(dependency, { recursive: true });
    for (const name of ["index.js", "index.d.ts", "index.js.map", "README.md", "LICENSE", "package.json"])
      writeFileSync(join(dependency, name), "");

    execFileSync("sh", ["-c", step], { cwd: folder });

    const left = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    expect(left).toContain("apps/worker/dist/main.js");
    expect(left).toContain("apps/sandbox/assets/page.html");
    expect(left).toContain("apps/sandbox/assets/16x9-5s.mp4");
    expect(left).toContain("packages/ledger/scripts/record.lua");
    expect(left).toContain("packages/ledger/package.json");
    const ofDependency = left.filter((path) => path.startsWith("node_modules/"));
    expect(new Set(ofDependency.map((path) => path.split("/").at(-1)))).toEqual(
      new Set(["LICENSE", "index.js", "package.json"]),
    );
    expect(
      left.filter((path) => /\.(ts|map|md)$|\/(src|test|fixtures)\/|bench|test-rig|tsconfig/.test(path)),
    ).toEqual([]);
  });
});
