import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openChange } from "../../../../src/adapters/change/open.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-file-change-"));
});
afterEach(() => rm(dir, { recursive: true }));

const good = {
  schemaVersion: 1,
  id: "CHG1",
  state: "approved",
  service: "atp-ingestion",
  start: "2026-01-15T09:00:00Z",
  end: "2026-01-15T12:00:00Z",
};
const read = async (value: unknown) => {
  await writeFile(join(dir, "CHG1.json"), typeof value === "string" ? value : JSON.stringify(value));
  const { runtime } = createMemoryRuntime();
  const change = await openChange({ config: { kind: "file", dir: "." }, runtime, projectDir: dir });
  return await change.read({ id: "CHG1" });
};

it("reads a file of the project's folder", async () => {
  expect(await read(good)).toMatchObject({ status: "value", change: { id: "CHG1", state: "approved" } });
});

it.each([
  ["of another change", { ...good, id: "CHG2" }, /is of CHG2/],
  ["with a member too many", { ...good, approved: true }, /not as documented/],
  ["without an end", { ...good, end: undefined }, /end is not as documented/],
  ["with a time without a zone", { ...good, start: "2026-01-15T09:00:00" }, /ISO 8601 times with a zone/],
  ["of a later format", { ...good, schemaVersion: 2 }, /schemaVersion/],
  ["that is cut", JSON.stringify(good).slice(0, 20), /no JSON/],
])("a file %s is an error", async (_, value, message) => {
  expect(await read(value)).toMatchObject({ status: "error", message: expect.stringMatching(message) });
});
