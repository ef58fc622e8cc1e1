import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationObjectFeatureFlagProvider, FeatureManager } from "@microsoft/feature-management";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { parse } from "yaml";
import { azByHand } from "../../../src/cli/flag-by-hand.ts";
import { usualRange } from "../../../src/cli/flag-cohorts.ts";
import { refreshView } from "../../../src/cli/flag-refresh.ts";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import { parseDuration } from "../../../src/lib/duration.ts";
import { flagSteps, phaseSteps } from "../../../src/plan/flag-steps.ts";
import { flagContentType } from "../../../src/plan/flag-value.ts";
import { flagWarnings } from "../../../src/plan/flag-warnings.ts";
import { flagAt } from "../../../src/plan/render-flag.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/feature-flags.md"), "utf8");
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);

/** The policy of a stack of the test preset with a block of the page in it. */
function policyOf(block: string | undefined): EnvironmentPolicy {
  const base = {
    preset: "test",
    service: "atp-ingestion",
    strategy: "feature-flag",
    metrics: {
      kind: "prometheus",
      url: "http://prometheus:9090",
      cohort: { label: "version", stable: "stable", candidate: "canary" },
    },
    health: { kind: "http", candidate: ["http://c/ready"], stable: ["http://s/ready"] },
    lever: { kind: "http-route", namespace: "atp" },
  };
  const result = normalizeConfig({ written: { ...base, ...Object(parse(block ?? "")) }, stack: "test" });
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  return result.policy;
}

/** Rows of the table whose head begins so, cells trimmed, code marks taken off. */
function table(head: string): readonly (readonly string[])[] {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const end = lines.findIndex((line, index) => index > from && !line.startsWith("|"));
  return lines.slice(from + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("docs/feature-flags.md", () => {
  const [policy, variants] = blocks.map(policyOf);
  const flag = policy?.flag ?? expect.unreachable();

  it("has configs that are taken, both of them", () => {
    expect(blocks).toHaveLength(2);
    expect(flag).toMatchObject({ refreshSeconds: 5, tenants: "tenants.json" });
    expect(flag.spec.beta.groups).toEqual([{ name: "beta-testers", percentage: 100 }]);
    expect(variants?.flag).toMatchObject({
      spec: { by: "variant" },
      cohort: { on: "sha512", off: "sha256" },
    });
  });

  it("names every step, beside a service and alone", () => {
    const steps = table("step");
    const beside = [...flagSteps(flag).map(({ id }) => id), "flag-off"];
    expect(steps.map(([id]) => id)).toEqual(beside);
    const exposures = flag.phases.map(({ percentage, soakSeconds }) => ({
      exposure: percentage,
      soakSeconds,
    }));
    const alone = [...phaseSteps(flag, exposures).map(({ id }) => id), "off"];
    expect(steps.flatMap(([, id]) => (id === "" ? [] : [id]))).toEqual(alone);
  });

  it("has the figures of the refresh interval", () => {
    const rows = table("`refresh`").map(([refresh = "", ...rest]) => {
      const parsed = parseDuration(refresh);
      const seconds = parsed.ok ? parsed.seconds : Number.NaN;
      const { worstSeconds, met } = refreshView(seconds);
      const meant = [
        `${worstSeconds} s`,
        met ? "met" : "missed",
        String(Math.floor((30_000 * seconds) / 3600)),
      ];
      return { rest, meant };
    });
    expect(rows).toHaveLength(4);
    for (const { rest, meant } of rows) expect(rest).toEqual(meant);
    const { instancesAtNeeded, neededSeconds } = refreshView(30);
    expect([instancesAtNeeded, neededSeconds]).toEqual([41, 5]);
  });

  it("has the command by hand for the flag that it shows, and the range that it tells", () => {
    expect(page).toContain(`\`${azByHand("disable", flag)}\``);
    expect(usualRange(40, 0.1)).toEqual({ least: 1, most: 8 });
  });

  it("is right about the guide's flag, by Microsoft's own library", async () => {
    // It says on the console what it doesn't find.
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    const guide = (filters: readonly object[]) => ({
      id: flag.spec.id,
      enabled: true,
      conditions: { client_filters: filters },
    });
    const answer = async (value: unknown, userId: string, groups: readonly string[] = []) => {
      const provider = new ConfigurationObjectFeatureFlagProvider({
        feature_management: { feature_flags: [value] },
      });
      return await new FeatureManager(provider).isEnabled(flag.spec.id, { userId, groups: [...groups] });
    };
    const Audience = { Users: ["tenant-beta-001"], Groups: ["beta-testers"], DefaultRolloutPercentage: 10 };
    const short = guide([{ name: "Targeting", parameters: { Audience } }]);
    expect(await answer(short, "tenant-beta-001")).toBe(false);
    const full = guide([{ name: "Microsoft.Targeting", parameters: { Audience } }]);
    expect(await answer(full, "tenant-beta-001")).toBe(true);
    expect(await answer(full, "tenant-0001", ["beta-testers"])).toBe(false);
    // What stands there instead lets the whole group in.
    const ours = JSON.parse(JSON.stringify(flagAt(flag.spec, 10)));
    expect(await answer(ours, "tenant-0001", ["beta-testers"])).toBe(true);
    expect(await answer(ours, "tenant-0042", ["beta-testers"])).toBe(false);
    const both = [
      { name: "Percentage", parameters: { Value: 10 } },
      { name: "Targeting", parameters: { Audience } },
    ];
    const warnings = flagWarnings({ value: JSON.stringify(guide(both)), contentType: flagContentType }).join(
      "\n",
    );
    for (const said of ["no effect in JavaScript", "draws anew", "shares add up", "bare names"])
      expect(warnings).toContain(said);
    expect(
      flagWarnings({ value: '{ "Value": 10 // 10% of requests\n}', contentType: flagContentType })[0],
    ).toContain("it has a comment");
  });
});
