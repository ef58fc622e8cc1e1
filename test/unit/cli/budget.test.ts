import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BudgetView, renderBudget } from "../../../src/cli/render/budget.ts";
import type { Totals } from "../../../src/ports/gauge.ts";
import type { TotalsAnswer } from "../../../src/types/gauge.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const source = vi.hoisted(() => ({ totals: undefined as Totals | undefined }));
vi.mock("../../../src/cli/compose/totals.ts", () => ({ openTotals: async () => source.totals }));
const now = Date.parse("2026-03-15T10:30:00Z");
beforeEach(() => {
  // Only what the clock shows: nothing waits.
  vi.useFakeTimers({ toFake: ["Date"], now });
});
afterEach(() => {
  vi.useRealTimers();
  source.totals = undefined;
});

const dayMs = 86_400_000;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A source that answers each span; the spans that it was asked for. */
function counting(answer: (span: Span) => TotalsAnswer): Span[] {
  const asked: Span[] = [];
  source.totals = {
    name: "memory",
    count: async ({ fromMs, toMs }) => {
      asked.push({ fromMs, toMs });
      return answer({ fromMs, toMs });
    },
  };
  return asked;
}

/** Of a million requests. */
const failed = (bad: number): TotalsAnswer => ({ status: "value", total: 1_000_000, bad });

async function budget(options: readonly string[] = [], policy: Partial<EnvironmentPolicy> = {}) {
  const world = aWorld(aDriver(), aStackConfig(policy));
  const run = await cli(["budget", "--stack", "prod", "--json", ...options], { world });
  expect(world.opened).toEqual([]);
  return { ...run, data: run.json["data"] as BudgetView };
}

describe("budget", () => {
  it("counts the last 30 days, and gives target, reached, used and left", async () => {
    const asked = counting(() => failed(400));
    const { code, data } = await budget();
    expect(code).toBe(0);
    expect(data).toMatchObject({
      stack: "prod",
      service: "atp-ingestion",
      source: "memory",
      window: "rolling-30d",
      target: 99.9,
      actual: 99.96,
      total: 0.1,
      used: 0.04,
      remaining: 0.06,
      remainingPercent: 60,
      requests: 1_000_000,
      badAllowed: 1000,
      badUsed: 400,
      band: "safe",
      means: { verdict: "as-planned", extraApprovals: 0, halveFirst: false },
    });
    expect(data).not.toHaveProperty("recoversAt");
    expect(data.means).not.toHaveProperty("firstWeight");
    expect(asked).toEqual([{ fromMs: now - 30 * dayMs, toMs: now }]);
    expect(data).toMatchObject({ from: "2026-02-13T10:30:00.000Z", to: "2026-03-15T10:30:00.000Z" });
  });

  it("--window calendar-month counts since the 1st, UTC", async () => {
    const asked = counting(() => failed(400));
    const { data } = await budget(["--window", "calendar-month"]);
    expect(data).toMatchObject({ window: "calendar-month", from: "2026-03-01T00:00:00.000Z" });
    expect(asked).toEqual([{ fromMs: Date.parse("2026-03-01"), toMs: now }]);
  });

  it("takes objective and window of the stack, as `run` does", async () => {
    const asked = counting(() => failed(400));
    const { gates } = aPolicy();
    const slo = { availabilityPercent: 99.95, resolveWithinSeconds: 600, window: "calendar-month" } as const;
    const { data } = await budget([], { gates: { ...gates, slo } });
    expect(data).toMatchObject({ target: 99.95, window: "calendar-month", remainingPercent: 20 });
    expect(asked).toEqual([{ fromMs: Date.parse("2026-03-01"), toMs: now }]);
  });

  it.each([
    [499, "safe", "as-planned"],
    [500, "caution", "caution"],
    [800, "caution", "caution"],
    [801, "defer", "blocked"],
    [1000, "defer", "blocked"],
    [1001, "freeze", "blocked"],
  ] as const)("%i of a million failed: %s, a normal rollout is %s", async (bad, band, verdict) => {
    counting(() => failed(bad));
    const { code, data } = await budget();
    expect(code).toBe(0);
    expect(data).toMatchObject({ band, means: { verdict } });
  });

  it("caution: half of the stack's first weight", async () => {
    counting(() => failed(600));
    expect((await budget()).data.means).toMatchObject({
      halveFirst: true,
      extraApprovals: 1,
      firstWeight: { planned: 5, halved: 2 },
    });
    const { data } = await budget([], { increments: [{ exposure: 100, soakSeconds: 900 }] });
    expect(data.means).not.toHaveProperty("firstWeight");
  });

  it.each([
    [["--priority", "reliability"], "caution"],
    [["--priority", "normal"], "blocked"],
    [["--change", "hotfix"], "caution"],
  ] as const)("below 20 %, %j: %s", async (options, verdict) => {
    counting(() => failed(900));
    const direct = { preset: "hotfix", strategy: "direct" } as const;
    const policy = options[0] === "--change" ? direct : {};
    expect((await budget(options, policy)).data.means.verdict).toBe(verdict);
  });

  it("a stack of preset hotfix is one without --change", async () => {
    counting(() => failed(900));
    expect((await budget([], { preset: "hotfix" })).data.means.verdict).toBe("caution");
  });
});

describe("when it recovers", () => {
  it("a rolling window: each day is counted, once it is below 20 %", async () => {
    // Of 30 days of 100,000 requests one, that began 9 days ago, failed 5000 times.
    const bad = (fromMs: number) => (fromMs === now - 9 * dayMs ? 5000 : 0);
    const asked = counting(({ fromMs, toMs }) =>
      toMs - fromMs > dayMs
        ? { status: "value", total: 3_000_000, bad: 5000 }
        : { status: "value", total: 100_000, bad: bad(fromMs) },
    );
    const { data } = await budget();
    expect(data).toMatchObject({ band: "freeze" });
    expect(asked).toHaveLength(31);
    expect(data.recoversAt).toBe("2026-04-06T10:30:00.000Z");
  });

  it("says nothing where one day can't be counted, and asks no further", async () => {
    let calls = 0;
    const asked = counting(() => {
      calls += 1;
      return calls > 3 ? { status: "empty", message: "no requests" } : failed(5000);
    });
    const { code, data } = await budget();
    expect(code).toBe(0);
    expect(data.band).toBe("freeze");
    expect(data).not.toHaveProperty("recoversAt");
    expect(asked).toHaveLength(4);
  });

  it("a calendar month: on the 1st, without a further query", async () => {
    const asked = counting(() => failed(5000));
    const { data } = await budget(["--window", "calendar-month"]);
    expect(data.recoversAt).toBe("2026-04-01T00:00:00.000Z");
    expect(asked).toHaveLength(1);
  });
});

describe("what nobody knows is no pass", () => {
  it("no traffic: unknown, under the terms of caution, exit 0", async () => {
    counting(() => ({ status: "empty", message: "no requests in the span that was asked for" }));
    const { code, data } = await budget();
    expect(code).toBe(0);
    expect(data).toMatchObject({
      band: "unknown",
      why: "no requests in the span that was asked for",
      means: { verdict: "caution" },
    });
    for (const name of ["actual", "used", "remaining", "remainingPercent", "badUsed", "requests"]) {
      expect(data).not.toHaveProperty(name);
    }
  });

  it("a source that can't answer: the same, and exit 1", async () => {
    counting(() => ({ status: "error", message: "HTTP 503" }));
    const { code, json, data } = await budget();
    expect(code).toBe(1);
    expect(data).toMatchObject({ band: "unknown", why: "HTTP 503", means: { verdict: "caution" } });
    expect(json).toMatchObject({ ok: false, error: { code: "totals-unreadable", message: "HTTP 503" } });
  });

  it("a stack with the sandbox's metrics: exit 2, with a hint", async () => {
    const { code, json } = await budget();
    expect(code).toBe(2);
    expect(json).toMatchObject({
      ok: false,
      error: { code: "not-here", path: "rollout.metrics.kind" },
    });
  });

  it.each([
    ["--window", "week"],
    ["--priority", "urgent"],
    ["--change", "tweak"],
  ])("%s %s is refused", async (option, value) => {
    const { code, json } = await budget([option, value]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "usage", path: option } });
  });
});

describe("for people", () => {
  const base = {
    stack: "prod",
    service: "atp-ingestion",
    source: "prometheus",
    window: "rolling-30d",
    from: "2026-02-13T10:30:00.000Z",
    to: "2026-03-15T10:30:00.000Z",
    target: 99.9,
  } as const;
  const numbers = (badUsed: number) => ({
    actual: 100 - badUsed / 10_000,
    total: 0.1,
    used: badUsed / 10_000,
    remaining: 0.1 - badUsed / 10_000,
    remainingPercent: 100 - badUsed / 10,
    requests: 1_000_000,
    badAllowed: 1000,
    badUsed,
  });
  const caution = { verdict: "caution", extraApprovals: 1, halveFirst: true } as const;
  const blocked = { verdict: "blocked", extraApprovals: 0, halveFirst: false } as const;
  const views: readonly BudgetView[] = [
    {
      ...base,
      ...numbers(400),
      band: "safe",
      means: { verdict: "as-planned", extraApprovals: 0, halveFirst: false, reasons: ["more than 50 %"] },
    },
    {
      ...base,
      ...numbers(650),
      band: "caution",
      means: {
        ...caution,
        reasons: ["20 to 50 %", "one more approval"],
        firstWeight: { planned: 5, halved: 2 },
      },
    },
    {
      ...base,
      ...numbers(900),
      band: "defer",
      means: { ...blocked, reasons: ["less than 20 %"] },
      recoversAt: "2026-03-26T00:00:00.000Z",
    },
    { ...base, ...numbers(1500), band: "freeze", means: { ...blocked, reasons: ["overdrawn"] } },
    {
      ...base,
      ...numbers(1500),
      window: "calendar-month",
      band: "freeze",
      means: { ...blocked, reasons: ["overdrawn"] },
      recoversAt: "2026-04-01T00:00:00.000Z",
    },
    { ...base, band: "unknown", why: "HTTP 503", means: { ...caution, reasons: ["nobody knows"] } },
  ];

  it("numbers, what they mean, and when it is over", async () => {
    const printed = views.map((view) => renderBudget(view, { color: false }));
    await expect(`${printed.join("\n\n")}\n`).toMatchFileSnapshot("../../golden/cli/budget.txt");
  });

  it("docs/budget.md shows what is printed", async () => {
    counting(({ fromMs, toMs }) => {
      if (toMs - fromMs > dayMs) return failed(900);
      // 890 of the 900 failed on the day that leaves the window on the 26th.
      return { status: "value", total: 33_333, bad: fromMs === now - 20 * dayMs ? 890 : 0 };
    });
    const { totals } = source;
    source.totals = totals && { ...totals, name: "prometheus" };
    const { stdout } = await cli(["budget", "--stack", "prod"], { world: aWorld(aDriver()) });
    const page = readFileSync(new URL("../../../docs/budget.md", import.meta.url), "utf8");
    expect(page).toContain(`\`\`\`\n${stdout}\`\`\``);
  });

  it("says where a source can't answer what that means", async () => {
    counting(() => ({ status: "error", message: "HTTP 503" }));
    const { stdout, stderr } = await cli(["budget", "--stack", "prod"], { world: aWorld(aDriver()) });
    expect(stdout).toContain("unknown, HTTP 503");
    expect(stderr).toContain("hint  Nobody knows the budget now");
  });

  it("paints the band where the stream takes colour", () => {
    const [safe] = views as readonly [BudgetView];
    expect(renderBudget(safe, { color: true })).toContain("\u001b[32msafe\u001b[39m");
  });
});
