import {
  ATTEMPT_STATES,
  PHASES,
  type Attempt,
  type FailureClass,
  type Mode,
  type StoredFile,
  type VideoRecord,
} from "@rushes/pipeline";

/**
 * A record as the scripts write it.
 * @param fields of its hash; absent and empty mean the same
 * @param fileLines the string beside it: a line each of name, blank and JSON, of one name the last counts; null = none yet
 */
export function parseRecord(
  id: string,
  fields: Readonly<Record<string, string>>,
  fileLines: string | null,
): VideoRecord {
  const files = new Map(
    (fileLines ?? "").split("\n").map((line) => {
      const end = line.indexOf(" ");
      return [line.slice(0, end), line.slice(end + 1)];
    }),
  );
  const text = (name: string): string | null => fields[name] || null;
  const time = (name: string): number | null => Number(fields[name]) || null;
  const count = (name: string): number => Number(fields[name] ?? 0);
  const isUnconfirmed = fields["phase"] === "unconfirmed";
  return {
    id,
    owner: fields["owner"] ?? "",
    phase: oneOf(PHASES, fields["phase"]),
    rev: count("rev"),
    wake: count("wake"),
    mode: fields["mode"] as Mode,
    duration: count("duration") === 10 ? 10 : 5,
    attempts: Array.from({ length: count("attempts") }, (_, i) => parseAttempt(i + 1, fields, files)),
    current: count("current"),
    maxCharges: count("max_charges"),
    priceMicros: count("price"),
    reservedMicros: count("reserved"),
    billedMicros: count("billed"),
    dueMs: count("due"),
    createdMs: count("created"),
    submittedMs: time("submitted"),
    archivingMs: time("archiving"),
    completedMs: time("completed"),
    endedMs: time("ended"),
    account: text("account"),
    providerState: text("provider_state"),
    late: fields["late"] === "1",
    looksFailed: count("looks_failed"),
    archiveTries: count("archive_tries"),
    unconfirmedMicros: isUnconfirmed ? count("doubt") : 0,
    unconfirmedSinceMs: isUnconfirmed ? time("doubt_since") : null,
    adoption: fields["adopt_task"] ? { taskId: fields["adopt_task"], by: fields["adopt_by"] ?? "" } : null,
    refusedAdoption: fields["adopt_refused"]
      ? { taskId: fields["adopt_refused"], why: fields["adopt_why"] ?? "" }
      : null,
    rearchive: fields["rearchive_by"]
      ? { by: fields["rearchive_by"], tries: count("rearchive_tries") }
      : null,
    refusedRearchive: text("rearchive_refused"),
    output: list(files.get("output")) as readonly StoredFile[],
    manifest: parseManifest(files.get("manifest")),
    error: parseError(fields),
  };
}

function parseAttempt(
  n: number,
  fields: Readonly<Record<string, string>>,
  files: ReadonlyMap<string, string>,
): Attempt {
  const field = (name: string): string => fields[`${n}.${name}`] ?? "";
  const time = (name: string): number | null => Number(field(name)) || null;
  return {
    number: n,
    state: oneOf(ATTEMPT_STATES, field("state")),
    secret: field("secret"),
    taskId: field("task") || null,
    account: field("account"),
    priceMicros: Number(field("price")),
    money: oneOf(["reserved", "billed", "returned"], field("unit")),
    intentMs: time("at") ?? 0,
    deadlineMs: time("deadline"),
    acceptedMs: time("accepted"),
    endedMs: time("ended"),
    resultUrls: list(files.get(`${n}.urls`)) as readonly string[],
    outcome: field("outcome"),
  };
}

function parseManifest(json: string | undefined): StoredFile | null {
  return json ? (JSON.parse(json) as StoredFile) : null;
}

function parseError(fields: Readonly<Record<string, string>>): VideoRecord["error"] {
  const code = fields["error_code"];
  if (!code) return null;
  return { code, class: fields["error_class"] as FailureClass, message: fields["error_message"] ?? "" };
}

function list(json: string | undefined): readonly unknown[] {
  return json ? (JSON.parse(json) as unknown[]) : [];
}

function oneOf<Word extends string>(words: readonly Word[], value: string | undefined): Word {
  const word = words.find((known) => known === value);
  if (word === undefined)
    throw new Error(`a record holds ${JSON.stringify(value)} where one of ${words.join(", ")} belongs`);
  return word;
}
