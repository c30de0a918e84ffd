import { expect, test } from "vitest";
import { createSessions } from "./sessions.ts";

function sessionsAt(startMs: number) {
  const clock = { nowMs: startMs };
  return { clock, sessions: createSessions({ lifeMs: 1_000, now: () => clock.nowMs }) };
}

test("a session tells its user until its time is over", () => {
  const { clock, sessions } = sessionsAt(5_000);
  const token = sessions.begin("ada.l@example");

  expect(sessions.read(token)).toBe("ada.l@example");
  clock.nowMs = 5_999;
  expect(sessions.read(token)).toBe("ada.l@example");
  clock.nowMs = 6_000;
  expect(sessions.read(token)).toBeNull();
});

test("an ended session is over at once, and others go on", () => {
  const { sessions } = sessionsAt(0);
  const [one, other] = [sessions.begin("ada"), sessions.begin("ada")];
  sessions.end(one);

  expect(sessions.read(one)).toBeNull();
  expect(sessions.read(other)).toBe("ada");
});

test("a session ended long ago does not come back when others are ended", () => {
  const { clock, sessions } = sessionsAt(0);
  const first = sessions.begin("ada");
  sessions.end(first);
  clock.nowMs = 2_000;
  sessions.end(sessions.begin("ada"));

  expect(sessions.read(first)).toBeNull();
});

test("no changed text is taken for a session", () => {
  const { sessions } = sessionsAt(0);
  const token = sessions.begin("vera");
  const [id, until, name, signature] = token.split(".");

  for (const forged of [
    `${id}.${until}.ada.${signature}`,
    `${id}.9${until}.${name}.${signature}`,
    `x${id}.${until}.${name}.${signature}`,
    `${id}.${until}.${name}.`,
    `${id}.${until}.${name}`,
    `${token}.`,
    `.${token}`,
    token.slice(0, -1),
    "",
    ".",
  ]) {
    expect(sessions.read(forged), forged).toBeNull();
  }
});

test("a session of another process is not taken", () => {
  expect(sessionsAt(0).sessions.read(sessionsAt(0).sessions.begin("ada"))).toBeNull();
});
