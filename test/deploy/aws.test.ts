import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(ROOT, path), "utf8");

/** The right that each call asks for, as AWS' list of actions for S3 has it. */
const RIGHTS: Record<string, string> = {
  HeadBucket: "s3:ListBucket",
  HeadObject: "s3:GetObject",
  GetObject: "s3:GetObject",
  PutObject: "s3:PutObject",
  DeleteObject: "s3:DeleteObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
};

type Policy = { Statement: { Effect: string; Action: string[]; Resource: string }[] };
const policy = (path: string): Policy => JSON.parse(read(path)) as Policy;
const rightsIn = ({ Statement }: Policy): string[] =>
  [...new Set(Statement.flatMap(({ Action }) => Action))].toSorted();

/** Every S3 call that a source makes. */
function callsOf(path: string): string[] {
  return [...read(path).matchAll(/new (\w+)Command\(/g)].map(([, call = ""]) => call);
}

const SOURCES = "packages/video-store/src";
const sources = readdirSync(resolve(ROOT, SOURCES))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => `${SOURCES}/${file}`);

test("no call leaves from anywhere else", () => {
  const others = ["apps", "packages"]
    .flatMap((place) => readdirSync(resolve(ROOT, place)).map((name) => `${place}/${name}/src`))
    .filter((folder) => folder !== SOURCES && !/test-rig|bench|proof/.test(folder))
    .flatMap((folder) =>
      readdirSync(resolve(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
        (file) => `${folder}/${file}`,
      ),
    )
    .filter((path) => path.endsWith(".ts"));
  expect(others.length).toBeGreaterThan(200);
  expect(others.filter((path) => read(path).includes("@aws-sdk/"))).toEqual([]);
});

test("the archive's policy allows the calls that are made, and no other", () => {
  const calls = new Set(sources.flatMap(callsOf));
  expect(calls.size).toBeGreaterThan(6);
  expect([...calls].filter((call) => !(call in RIGHTS))).toEqual([]);
  const needed = [...new Set([...calls].map((call) => RIGHTS[call] ?? call))].toSorted();
  expect(rightsIn(policy("deploy/aws/iam-policy.json"))).toEqual(needed);
});

test("the api's policy allows what its links ask for, and no other", () => {
  const needed = new Set(callsOf(`${SOURCES}/content-links.ts`).map((call) => RIGHTS[call]));
  expect(rightsIn(policy("deploy/aws/iam-policy-api.json"))).toEqual([...needed]);
});

test("nothing may be removed but the object that `rushes doctor` writes to try", () => {
  const [removing, ...more] = policy("deploy/aws/iam-policy.json").Statement.filter(({ Action }) =>
    Action.some((action) => action.includes("Delete")),
  );
  expect(more).toEqual([]);
  expect(removing?.Action).toEqual(["s3:DeleteObject"]);
  const removers = sources.filter((path) => callsOf(path).includes("DeleteObject"));
  expect(removers).toEqual([`${SOURCES}/check-bucket.ts`]);
  const [, name] = /\*?(rushes-[\w-]+)\*$/.exec(removing?.Resource ?? "") ?? [];
  expect(read(`${SOURCES}/check-bucket.ts`)).toContain(`}${name}$`);
});

test("rights on the bucket and on its objects are asked for at their own resource, and nowhere with a star", () => {
  for (const path of ["deploy/aws/iam-policy.json", "deploy/aws/iam-policy-api.json"]) {
    for (const { Effect, Action, Resource } of policy(path).Statement) {
      expect(Effect).toBe("Allow");
      const isOfBucket = Action.every((action) => action.startsWith("s3:ListBucket"));
      expect(Resource).toMatch(isOfBucket ? /^arn:aws:s3:::[\w.-]+$/ : /^arn:aws:s3:::[\w.-]+\/.+$/);
      for (const action of Action) expect(action).toMatch(/^s3:[A-Za-z]+$/);
    }
  }
});

test("the bucket removes parts that nobody finished, and never a file", () => {
  const { Rules } = JSON.parse(read("deploy/aws/bucket-lifecycle.json")) as {
    Rules: Record<string, unknown>[];
  };
  expect(Rules).toHaveLength(1);
  expect(Rules[0]).toEqual({
    ID: expect.any(String),
    Status: "Enabled",
    Filter: {},
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
  });
});
