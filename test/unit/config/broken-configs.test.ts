import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeConfig, normalizeOrThrow } from "../../../src/config/normalize.ts";
import { writtenSchema } from "../../../src/config/schema.ts";
import { RolloutError, toExitCode } from "../../../src/errors/errors.ts";
import { brokenChecklists } from "./broken-checklists.ts";
import type { Expected } from "./broken-config.ts";
import { brokenFlags } from "./broken-flags.ts";
import { brokenKinds } from "./broken-kinds.ts";
import { brokenMigrations } from "./broken-migrations.ts";
import { brokenRules } from "./broken-rules.ts";
import { brokenShapes } from "./broken-shapes.ts";
import { brokenTimes } from "./broken-times.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";

const cases = [
  ...brokenShapes,
  ...brokenKinds,
  ...brokenTimes,
  ...brokenRules,
  ...brokenMigrations,
  ...brokenFlags,
  ...brokenChecklists,
];

function issuesOf(written: unknown) {
  const result = normalizeConfig({ written, stack: "prod" });
  return "issues" in result ? result.issues : [];
}

describe("broken configs: every problem at once, each with path, value, rule and hint", () => {
  it("are at least twenty, several with three problems or more", () => {
    expect(cases.length).toBeGreaterThanOrEqual(20);
    expect(cases.filter(({ expected }) => expected.length >= 3).length).toBeGreaterThanOrEqual(8);
  });

  it.each(cases)("$name ($why)", ({ written, expected }) => {
    const issues = issuesOf(written);
    expect(issues.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
    expected.forEach((one: Expected, index) => {
      const issue = issues[index];
      expect(issue?.rule).toContain(one.rule);
      expect(issue?.hint).toContain(one.hint);
      if (one.received === undefined) expect(issue).not.toHaveProperty("received");
      else expect(issue?.received).toContain(one.received);
    });
  });

  it("exit with 2 and carry every issue", () => {
    const thrown = cases.map(({ written }) => {
      try {
        normalizeOrThrow({ written, stack: "prod" });
        return undefined;
      } catch (error) {
        return error;
      }
    });
    thrown.forEach((error, index) => {
      expect(error).toBeInstanceOf(RolloutError);
      expect(toExitCode(error)).toBe(2);
      expect((error as RolloutError).issues).toHaveLength(cases[index]?.expected.length ?? -1);
    });
  });

  it.each([
    ["validConfig", validConfig],
    ["sandboxConfig", sandboxConfig],
  ])("%s, which the cases break, has no issue of its own", (_, written) => {
    expect(issuesOf(written)).toEqual([]);
  });
});

const githubWith = (token: string) => ({ kind: "github", repository: "a/b", environment: "prod", token });

describe("a planted secret never shows in an issue", () => {
  const planted = "planted-hunter22";
  it.each([
    ["a webhook without a scheme", { notify: [{ kind: "webhook", url: `hooks.example/${planted}` }] }],
    [
      "a webhook under the wrong key",
      { notify: [{ kind: "webhook", uri: `https://hooks.example/${planted}` }] },
    ],
    [
      "a webhook of another channel's kind",
      { notify: [{ kind: "teams", webhook: `https://hooks.example/${planted}` }] },
    ],
    [
      "a token of an unknown kind of approvals",
      { approvals: { sources: [{ kind: "gitlab", token: planted }] } },
    ],
    [
      "a token of Pingdom beside a key that nobody knows",
      { checklist: { synthetics: [{ kind: "pingdom", token: planted, checks: [], key: planted }] } },
    ],
    ["a token with a line break", { approvals: { sources: [githubWith(`${planted}\n`)] } }],
    ["an authorization in the wrong place", { change: { kind: "file", dir: "c", authorization: planted } }],
    ["a change's URL with a password", { change: { kind: "http", url: `https://a:${planted}@c/{id}` } }],
    ["notify as one object", { notify: { kind: "webhook", url: `https://hooks.example/${planted}` } }],
    ["an unknown section with anything in it", { pagerduty: { routingKey: planted, nested: [planted] } }],
    ["a password in a URL", { metrics: { ...validConfig.metrics, url: `http://ada:${planted}@prom` } }],
    ["an encrypted value in the wrong place", { look: { secure: planted } }],
  ])("%s", (_, part) => {
    const issues = issuesOf({ ...validConfig, ...part });
    expect(issues.length).toBeGreaterThan(0);
    expect(JSON.stringify(issues)).not.toContain(planted);
  });
});

describe("whatever stands in the file", () => {
  const sections = [
    ...Object.keys(writtenSchema.shape),
    "gates.p95",
    "gates.errorRate",
    "gates.exceptions",
    "hold.step",
    "timeouts.verify",
    "metrics.cohort",
    "metrics.match",
    "health.stable",
    "lever.namespace",
    "__proto__",
  ];
  // Words of the schema make it past the first check more often than noise does.
  const words = fc.constantFrom(
    "1m",
    "0s",
    "5%",
    "http",
    "log",
    "webhook",
    "prometheus",
    "canary",
    "http://a",
    100,
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    words,
    fc.array(words),
    fc.dictionary(words.map(String), words),
  );

  it("comes to a policy or to issues with path, rule and hint; never to an exception", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...sections), value), { maxLength: 4 }), (changes) => {
        const written: Record<string, unknown> = structuredClone(validConfig);
        for (const [path, replacement] of changes) {
          const [section = "", inner] = path.split(".");
          const before = Object.hasOwn(written, section) ? written[section] : {};
          written[section] = inner === undefined ? replacement : { ...Object(before), [inner]: replacement };
        }
        for (const issue of issuesOf(written)) {
          expect(issue.path).toMatch(/^rollout/);
          expect(issue.rule.length * issue.hint.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
