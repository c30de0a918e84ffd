import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ADMIN, startBoardRig, VIEWER, type AskOptions, type BoardRig } from "./board-rig.ts";

let rig: BoardRig;
beforeAll(async () => {
  rig = await startBoardRig({ proxies: ["127.0.0.1"] });
});
afterAll(() => rig.stop());

// Wrong passwords slow down their address, so each test that types some comes from one of its own.
let address = 0;
let own: { headers: Record<string, string> };
beforeEach(() => {
  address += 1;
  own = { headers: { "x-forwarded-for": `192.0.2.${address}` } };
});

const logIn = (form: Record<string, string>, more: AskOptions = {}): Promise<Response> =>
  rig.ask("/login", { method: "POST", form, headers: { ...own.headers, ...more.headers } });

/** One of each kind of route, and of no route. */
const CLOSED_PATHS = [
  "/",
  "/logout",
  "/overview",
  "/overview/live",
  "/videos",
  "/videos/vid_1",
  "/videos/vid_1/content",
  "/videos/vid_1/confirm/release",
  "/find?q=vid_1",
  "/audit",
  "/assets/overview.js",
  "/queues",
  "/queues/",
  "/queues/queue/submit",
  "/queues/api/queues",
  "/queues/api/redis/stats",
  "/queues/api/queues/submit/vid_1.submit.1",
  "/queues/static/images/logo.svg",
  "/queues/%2e%2e/queues/api/queues",
  "//queues/api/queues",
  "/nothing-here",
];

test.each(CLOSED_PATHS)("%s answers nothing without a login", async (path) => {
  const forScript = await rig.ask(path);
  expect(forScript.status).toBe(401);
  expect(await forScript.json()).toEqual({
    error: { key: "ERRORS.FORBIDDEN" },
    message: "Log in first, at /login.",
  });

  const forBrowser = await rig.ask(path, { headers: { accept: "text/html" } });
  expect(forBrowser.status).toBe(303);
  expect(forBrowser.headers.get("location")).toMatch(/^\/login(\?next=|$)/);
  expect(await forBrowser.text()).toBe("");
});

test.each(["POST", "PUT", "PATCH", "DELETE"])("%s answers nothing without a login", async (method) => {
  for (const path of [
    "/videos/vid_1/release",
    "/queues/api/queues/pause",
    "/queues/api/queues/submit/add",
    "/nothing-here",
  ]) {
    expect((await rig.ask(path, { method, json: {} })).status).toBe(401);
  }
});

test.each(["/livez", "/readyz", "/metrics"])("%s needs no login", async (path) => {
  expect((await rig.ask(path)).status).toBe(200);
});

test("a login leads to the page that was asked for, with a cookie that scripts and other sites cannot use", async () => {
  const asked = await rig.ask("/queues/queue/poll?page=2", { headers: { accept: "text/html" } });
  const page = await rig.ask(asked.headers.get("location") ?? "");
  expect(await page.text()).toContain('name="next" value="/queues/queue/poll?page=2"');

  const answer = await logIn({ ...ADMIN, next: "/queues/queue/poll?page=2" });
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/queues/queue/poll?page=2");
  const [cookie = ""] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  const inside = await rig.ask("/queues/api/queues", { cookie: cookie.split(";")[0] ?? "" });
  expect(inside.status).toBe(200);
});

test("over TLS, as a trusted proxy tells, the cookie is for TLS only", async () => {
  const answer = await logIn(ADMIN, { headers: { "x-forwarded-proto": "https" } });

  expect(answer.headers.getSetCookie()[0]).toMatch(/; Secure$/);
});

test("an unknown name and a wrong password get the same answer", async () => {
  const [unknown, wrong] = await Promise.all([
    logIn({ name: "nobody", password: ADMIN.password }),
    logIn({ name: ADMIN.name, password: VIEWER.password }),
  ]);

  expect(unknown.status).toBe(401);
  expect(wrong.status).toBe(401);
  expect(await unknown.text()).toBe(await wrong.text());
  expect([...unknown.headers.keys()]).toEqual([...wrong.headers.keys()]);
  expect(unknown.headers.has("set-cookie")).toBe(false);
});

test("what a person typed is not shown again and not logged", async () => {
  const answer = await logIn({ name: "<b>typed-as-name</b>", password: "typed-as-password" });

  expect(await answer.text()).not.toContain("typed-as");
  expect(rig.logLines.some((line) => line.includes("a login failed"))).toBe(true);
  expect(rig.logLines.join("")).not.toContain("typed-as");
});

test("a place to go to cannot break out of the login page", async () => {
  const answer = await rig.ask(`/login?next=${encodeURIComponent('/"><script>alert(1)</script>')}`);

  expect(await answer.text()).not.toContain("<script");
});

test("guessing is slowed down for its address only, even when the right password comes", async () => {
  for (let i = 0; i < 5; i += 1) {
    expect((await logIn({ name: ADMIN.name, password: `guess ${i}` })).status).toBe(401);
  }
  const braked = await logIn(ADMIN);
  expect(braked.status).toBe(429);
  expect(Number(braked.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(braked.headers.has("set-cookie")).toBe(false);

  own.headers["x-forwarded-for"] = "198.51.100.1";
  expect((await logIn(ADMIN)).status).toBe(303);
});

test("many guesses at once are not a way around the brake", async () => {
  const guesses = Array.from({ length: 12 }, (_, i) => logIn({ name: ADMIN.name, password: `guess ${i}` }));
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);

  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(7);
});

test("after a logout the cookie is worth nothing, also for a viewer", async () => {
  const cookie = await rig.logIn(VIEWER);
  expect(await (await rig.ask("/logout", { cookie })).text()).toContain("vera (viewer)");

  const answer = await rig.ask("/logout", { method: "POST", cookie });
  expect(answer.status).toBe(303);
  expect(answer.headers.getSetCookie()[0]).toContain("Max-Age=0");
  expect((await rig.ask("/queues/api/queues", { cookie })).status).toBe(401);
});

test("somebody who is logged in does not see the login page again", async () => {
  const answer = await rig.ask("/login?next=/queues/queue/poll", { cookie: await rig.logIn(VIEWER) });

  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/queues/queue/poll");
});

test("a login from another site's page is refused, right password or not", async () => {
  const elsewhere = await logIn(ADMIN, { headers: { origin: "https://evil.example" } });
  expect(elsewhere.status).toBe(403);
  expect(elsewhere.headers.has("set-cookie")).toBe(false);

  const mute = await rig.ask("/login", { method: "POST", form: ADMIN, isMute: true });
  expect(mute.status).toBe(403);
});

test.each([
  ["something that is no form", { json: ADMIN }],
  ["an empty form", { form: {} }],
])("%s is a failed login", async (_what, body) => {
  expect((await rig.ask("/login", { method: "POST", ...own, ...body })).status).toBe(401);
});

test("a form that is far too large is refused", async () => {
  expect((await logIn({ name: "x".repeat(10_000), password: "" })).status).toBe(413);
});

test("every answer forbids frames, sniffing, foreign scripts and caches", async () => {
  const cookie = await rig.logIn(ADMIN);
  for (const path of [
    "/login",
    "/logout",
    "/overview",
    "/videos",
    "/queues",
    "/queues/api/queues",
    "/livez",
    "/nothing-here",
  ]) {
    const { headers } = await rig.ask(path, { cookie });
    expect(headers.get("x-frame-options"), path).toBe("DENY");
    expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    expect(headers.get("referrer-policy"), path).toBe("same-origin");
    expect(headers.get("cache-control"), path).toBe("no-store");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/script-src[^;]*(unsafe|http|\*)/);
  }
});

test("who logged in, out and acted is logged", async () => {
  const cookie = await rig.logIn(ADMIN);
  await rig.ask("/queues/api/queues/notify/pause", { method: "PUT", cookie });
  await rig.ask("/queues/api/queues/notify/resume", { method: "PUT", cookie });

  const acts = rig.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(acts).toContainEqual(expect.objectContaining({ msg: "logged in", user: "ada", role: "admin" }));
  expect(acts).toContainEqual(
    expect.objectContaining({
      msg: "a change was asked for",
      user: "ada",
      method: "PUT",
      path: "/queues/api/queues/notify/pause",
      status: 200,
    }),
  );
});
