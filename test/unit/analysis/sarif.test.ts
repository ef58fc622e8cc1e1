import { describe, expect, it } from "vitest";
import { readSarif } from "../../../src/analysis/sarif.ts";

const fileMs = Date.UTC(2026, 0, 15);
const driver = (rules: readonly object[] = []) => ({ driver: { name: "Trivy", rules } });
const fileOf = (...runs: readonly object[]) => readSarif(JSON.stringify({ version: "2.1.0", runs }), fileMs);
const scored = (score: unknown) => ({ id: "CVE-1", properties: { "security-severity": score } });
const one = (result: object, rules: readonly object[] = []) =>
  fileOf({ tool: driver(rules), results: [{ ruleId: "CVE-1", message: { text: "x" }, ...result }] });

describe("what is critical", () => {
  it.each([
    ["a rule's score of 9.8", one({}, [scored("9.8")]), false],
    ["9.0 itself", one({}, [scored("9.0")]), false],
    ["a number in place of a text", one({}, [scored(9.5)]), false],
    ["8.9, though its level is error", one({ level: "error" }, [scored("8.9")]), true],
    [
      "the result's own score over its rule's",
      one({ properties: { "security-severity": "3.1" } }, [scored("9.8")]),
      true,
    ],
    ["level error without a score", one({ level: "error" }), false],
    ["level error and a score of 0, which is none", one({ level: "error" }, [scored("0.0")]), false],
    ["level error and a score that is no number", one({ level: "error" }, [scored("high")]), false],
    ["the rule's default level", one({}, [{ id: "CVE-1", defaultConfiguration: { level: "error" } }]), false],
    ["no level at all is a warning", one({}), true],
    ["a rule by its index alone", one({ ruleId: undefined, ruleIndex: 0 }, [scored("9.8")]), false],
    ["a rule below another", one({ ruleId: "CVE-1/2" }, [scored("9.8")]), false],
    [
      "a rule of an extension",
      fileOf({
        tool: { ...driver(), extensions: [{ name: "queries", rules: [scored("9.8")] }] },
        results: [{ rule: { id: "CVE-1", index: 0, toolComponent: { index: 0 } } }],
      }),
      false,
    ],
    ["suppressed", one({ suppressions: [{ kind: "external", status: "accepted" }] }, [scored("9.8")]), true],
    ["suppressed in the source", one({ suppressions: [{ kind: "inSource" }] }, [scored("9.8")]), true],
    [
      "a suppression under review",
      one({ suppressions: [{ status: "underReview" }] }, [scored("9.8")]),
      false,
    ],
    ["an empty list of suppressions", one({ suppressions: [] }, [scored("9.8")]), false],
    ["a result of kind pass", one({ kind: "pass" }, [scored("9.8")]), true],
    ["gone since the baseline", one({ baselineState: "absent" }, [scored("9.8")]), true],
    ["nothing found", fileOf({ tool: driver(), results: [] }), true],
  ])("%s", (_, answer, met) => {
    expect(answer).toMatchObject({ status: "value", met });
  });

  it("names them, a few of many", () => {
    const results = Array.from({ length: 7 }, (_, n) => ({ ruleId: `CVE-${n}`, level: "error" }));
    expect(fileOf({ tool: driver(), results }).message).toBe(
      "Trivy: 7 critical (CVE-0, CVE-1, CVE-2, CVE-3, CVE-4 and more)",
    );
  });
});

describe("what proves nothing", () => {
  it.each([
    ["no JSON", readSarif("<sarif/>", fileMs), "error", "no JSON"],
    ["JSON of something else", readSarif("[]", fileMs), "error", "no SARIF 2.1.0"],
    ["another version", readSarif('{"version":"2.0.0","runs":[]}', fileMs), "error", "version"],
    ["an unknown level", one({ level: "fatal" }), "error", "runs.0.results.0.level"],
    ["no runs", fileOf(), "empty", "no run"],
    ["a run that looked for nothing", fileOf({ tool: driver() }), "error", "has no results"],
    ["a run whose results are null", fileOf({ tool: driver(), results: null }), "error", "has no results"],
    [
      "a scan that did not succeed",
      fileOf({ tool: driver(), results: [], invocations: [{ executionSuccessful: false }] }),
      "error",
      "did not succeed",
    ],
    [
      "an end that is no time",
      fileOf({ tool: driver(), results: [], invocations: [{ endTimeUtc: "yesterday" }] }),
      "error",
      "ends at no time",
    ],
  ])("%s", (_, answer, status, says) => {
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(says);
  });
});

describe("when the scan was", () => {
  it("its own end, else the file's time; of several runs the oldest", () => {
    const run = { tool: driver(), results: [] };
    const at = (endTimeUtc: string) => ({ ...run, invocations: [{ executionSuccessful: true, endTimeUtc }] });
    expect(fileOf(run)).toMatchObject({ atMs: fileMs });
    expect(fileOf(at("2026-01-14T10:00:00Z"))).toMatchObject({ atMs: Date.UTC(2026, 0, 14, 10) });
    expect(fileOf(at("2026-01-14T10:00:00Z"), at("2026-01-02T10:00:00Z"))).toMatchObject({
      atMs: Date.UTC(2026, 0, 2, 10),
    });
  });
});
