import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTenants } from "../../../../src/adapters/flags/tenants.ts";
import type { RolloutError } from "../../../../src/errors/errors.ts";

const dir = mkdtempSync(join(tmpdir(), "rollouts-tenants-"));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, "tenants.json");

function read(content: unknown) {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readTenants(path);
}

async function refused(content: unknown): Promise<RolloutError> {
  return await read(content).then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe("the file of the tenants", () => {
  it("is read in its order; zero requests is a value, and what isn't counted is absent", async () => {
    const tenants = [
      { id: "b", groups: ["beta-testers", "eu"], requests: 1200.5 },
      { id: "a", requests: 0 },
      { id: "c", groups: [] },
    ];
    expect(await read(tenants)).toEqual(tenants);
  });

  it("names every problem at once, those of duplicates too", async () => {
    const error = await refused([
      { id: "a", requests: -1 },
      { id: "a" },
      { id: " b" },
      { id: 3, request: 5 },
      "tenant-0001",
      { groups: ["x", ""] },
      { id: "a", requests: "many" },
    ]);
    expect(error).toMatchObject({ code: "tenants-invalid", exit: "config", path: "rollout.flag.tenants" });
    expect(error.message).toContain("10 problems");
    expect(error.issues.map((issue) => `${issue.path} ${issue.received ?? ""}: ${issue.rule}`)).toEqual([
      "[0].requests -1: a number from 0: its requests in any one span of time",
      '[2].id " b": a name without spaces around it',
      "[3].id 3: a name without spaces around it",
      '[3] {"id":3,"request":5}: no request',
      '[4] "tenant-0001": an object with an id',
      "[5].id : a name without spaces around it",
      '[5].groups[1] "": a name without spaces around it',
      '[6].requests "many": a number from 0: its requests in any one span of time',
      '[1].id "a": another id than [0]',
      '[6].id "a": another id than [0]',
    ]);
    for (const { hint } of error.issues) expect(hint).not.toBe("");
  });

  it.each([
    ["no list", {}],
    ["an empty list, which an export that failed leaves", []],
  ])("%s is refused", async (_, content) => {
    const { issues } = await refused(content);
    expect(issues).toMatchObject([{ path: "the file", rule: "a list of tenants, one at least" }]);
  });

  it("no JSON, a folder, or no file at all are said as such", async () => {
    expect(await refused("[{")).toMatchObject({ code: "tenants-invalid", path: "rollout.flag.tenants" });
    await expect(readTenants(dir)).rejects.toMatchObject({ code: "tenants-invalid", exit: "config" });
    await expect(readTenants(join(dir, "nowhere.json"))).rejects.toMatchObject({
      code: "tenants-missing",
      exit: "config",
      message: expect.stringContaining("there is no such file"),
    });
  });
});
