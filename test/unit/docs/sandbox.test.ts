import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultForms } from "../../../src/sandbox/fault-forms.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/sandbox.md"), "utf8");

describe("docs/sandbox.md", () => {
  it("has a row for every fault that there is", () => {
    const faults = page
      .split("\n")
      .flatMap((line) => (line.startsWith("| `") ? (line.split("|")[1] ?? "") : []));
    const named = faults.flatMap((cell) =>
      [...cell.matchAll(/`(?<name>[a-z-]+)/g)].map(({ groups }) => groups?.["name"]),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(faultForms).sort());
  });

  it("writes them as they are read", () => {
    const written = [...page.matchAll(/\| `(?<texts>[^|]+)` +\|/g)].flatMap(({ groups }) =>
      (groups?.["texts"] ?? "").split("`, `"),
    );
    expect(written.length).toBeGreaterThan(25);
    for (const text of written) expect(parseFault(text).text).toBe(text);
  });
});
