import { expect, test } from "vitest";
import { isLoopback, isPrivateHost } from "./private-host.ts";

const hostOf = (url: string) => new URL(url).hostname;

test.each([
  "http://localhost/",
  "http://a.localhost/",
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://10.0.0.1/",
  "http://172.31.0.1/",
  "http://192.168.1.1/",
  "http://169.254.169.254/",
  "http://100.64.0.1/",
  "http://[::1]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://0.0.0.0/",
  "http://[::ffff:10.0.0.1]/",
])("the provider cannot reach %s", (url) => {
  expect(isPrivateHost(hostOf(url))).toBe(true);
});

test.each(["http://images.example/", "http://8.8.8.8/", "http://172.32.0.1/", "http://[2001:db8::1]/"])(
  "the provider may reach %s",
  (url) => {
    expect(isPrivateHost(hostOf(url))).toBe(false);
  },
);

test("only this machine is loopback", () => {
  const hosts = [
    "http://127.0.0.9/",
    "http://localhost/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "http://127.example/",
  ];
  expect(hosts.map((url) => isLoopback(hostOf(url)))).toEqual([true, true, true, false, false]);
});
