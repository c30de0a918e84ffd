import { expect, test } from "vitest";

import { pnpmVersion, reasonToInstall } from "./packages.mjs";

test("packages are installed only when there is a reason", () => {
  expect(reasonToInstall({ wanted: "a", installed: "a\n", missing: [] })).toBeNull();
  expect(reasonToInstall({ wanted: "a", installed: null, missing: [] })).toBe("nothing is installed yet");
  expect(reasonToInstall({ wanted: "a", installed: "b\n", missing: [] })).toBe("the lockfile has changed");
  expect(reasonToInstall({ wanted: "a", installed: "a\n", missing: ["apps/api/node_modules/zod"] })).toBe(
    "apps/api/node_modules/zod is missing",
  );
});

test("the version of pnpm is the one package.json pins, without its hash", () => {
  expect(pnpmVersion('{"packageManager":"pnpm@12.21.0"}')).toBe("12.21.0");
  expect(pnpmVersion('{"packageManager":"pnpm@12.21.0+sha512.abc"}')).toBe("12.21.0");
  expect(() => pnpmVersion('{"packageManager":"yarn@1"}')).toThrow(/packageManager/);
});
