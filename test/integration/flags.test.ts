import { describe, expect, it } from "vitest";
import { exitOf, type Outcome } from "../../src/driver/outcome.ts";
import { parseFlag } from "../../src/plan/flag-json.ts";
import { foreignTenant } from "../../src/sandbox/flags/edit.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import { openStack, type RehearsedStack } from "../support/rehearse.ts";

// Prod with its service and its flag, and a flag alone, on the real engine, program, driver
// and App Configuration client; store and applications on loopback and a virtual clock.

const refreshMs = 5_000;

/** What stands in the store. */
function flagIn({ flags }: RehearsedStack): Record<string, unknown> {
  const found = flags?.store.get(flags.id);
  return found?.value ? { ...parseFlag(found.value) } : {};
}

/** Images of the Deployments that are there, by name. */
function images({ sandbox }: RehearsedStack): Readonly<Record<string, string>> {
  const found = sandbox.cloud.list("Deployment").map(({ ref, manifest }) => {
    const [container] = Object(manifest["spec"]).template.spec.containers;
    return [ref.name, String(container.image)];
  });
  return Object.fromEntries(found);
}

function effects(entries: readonly JournalEntry[], effect: string): readonly JournalEntry[] {
  return entries.filter(({ kind, data }) => kind === "effect" && data["effect"] === effect);
}

/** ms of virtual time from the verdict until no application showed the feature. */
function shownAfterVerdict({ entries, flags }: RehearsedStack): number {
  const verdict = entries.find(({ data }) => Object(data["decision"]).kind === "revert");
  const verdictMs = Date.parse(verdict?.at ?? "");
  const off = flags?.clients.history.find(({ atMs }) => atMs >= verdictMs);
  return (off?.shownAtMs ?? Number.NaN) - verdictMs;
}

async function rehearsed(
  options: Parameters<typeof openStack>[0],
  check: (stack: RehearsedStack, outcome: Outcome) => void | Promise<void>,
): Promise<void> {
  const stack = await openStack(options);
  try {
    await check(stack, await stack.run("1.2.4"));
  } finally {
    await stack.close();
  }
}

const breaking = { kind: "breaking-api" } as const;

describe.concurrent("prod, --change breaking-api", () => {
  it("brings the code by a canary, dark, and opens the flag phase by phase", async () => {
    await rehearsed(breaking, async (stack, outcome) => {
      expect(outcome, JSON.stringify(outcome.cause)).toMatchObject({ outcome: "promoted" });
      expect(outcome.exposures).toEqual([5, 20, 50, 100, 0.5, 10, 25, 50, 100]);
      expect(images(stack)).toEqual({ "atp-ingestion": "atp.azurecr.io/ingestion:1.2.4" });
      expect(flagIn(stack)).toMatchObject({ enabled: true });
      // Made off, then one write a phase: what settles it writes nothing.
      expect(stack.flags?.clients.history).toHaveLength(7);
      expect(stack.flags?.share()).toBe(1);
      expect(stack.flags?.offShownMs()).toBeUndefined();
      expect(stack.sandbox.cloud.violations).toEqual([]);
      expect(await stack.run("1.2.4")).toMatchObject({ outcome: "nothing-to-do" });
    });
  });

  it("turns a bad feature off in less than 10 s and leaves the code alone", async () => {
    await rehearsed({ ...breaking, faults: ["errors=5%@flag-25"] }, (stack, outcome) => {
      expect(outcome, JSON.stringify(outcome)).toMatchObject({
        outcome: "reverted",
        failedAt: "flag-25",
        revert: { stateEqual: true, leverMs: refreshMs, objectiveMs: 10_000 },
      });
      expect(exitOf(outcome)).toBe(20);
      expect(outcome.exposures).toEqual([5, 20, 50, 100, 0.5, 10, 25]);
      expect(flagIn(stack)).toMatchObject({ enabled: false });
      expect(images(stack)).toEqual({ "atp-ingestion": "atp.azurecr.io/ingestion:1.2.4" });
      expect(stack.sandbox.cloud.violations).toEqual([]);
      expect(shownAfterVerdict(stack)).toBeLessThan(refreshMs);
      expect(stack.flags?.offShownMs()).toBe(4688);
      // By all of it: the exported inputs, a preview with refresh, the flag read back.
      for (const effect of ["state-equal", "preview-same", "stable-verified"])
        expect(effects(stack.entries, effect).map(({ data }) => data["ok"])).toEqual([true]);
      expect(effects(stack.entries, "preview-same")[0]?.data["changes"]).toEqual([]);
    });
  });

  it("a fault of the service turns back the code, and the flag was never opened", async () => {
    await rehearsed({ ...breaking, faults: ["errors=5%@20"] }, (stack, outcome) => {
      expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20", revert: { stateEqual: true } });
      expect(images(stack)).toEqual({ "atp-ingestion": "atp.azurecr.io/ingestion:1.2.3" });
      expect(stack.flags?.clients.history).toHaveLength(2);
      expect(flagIn(stack)).toMatchObject({ enabled: false });
    });
  });
});

describe.concurrent("a flag alone", () => {
  const project = "examples/feature-flag";

  it("is held where somebody else edits it, and stays as it is", async () => {
    await rehearsed({ project, faults: ["flag-edit@25+5m"] }, (stack, outcome) => {
      expect(outcome).toMatchObject({
        outcome: "held",
        heldAt: "25",
        cause: {
          reason: "ForeignChange",
          message: `somebody else changed the flag: Microsoft.Targeting Audience Users has ${foreignTenant}, not meant`,
        },
      });
      expect(exitOf(outcome)).toBe(22);
      expect(flagIn(stack)).toMatchObject({ enabled: true });
      expect(JSON.stringify(flagIn(stack))).toContain(foreignTenant);
      // Made off, beta, 10, 25, and the edit: nobody has written since.
      expect(stack.flags?.clients.history).toHaveLength(6);
    });
  });

  it("is watched for weeks in a minute, and what goes wrong in the middle of one is found at once", async () => {
    const change = (rollout: Record<string, unknown>) => {
      const { beta: _nobody, ...flag } = Object(rollout["flag"]);
      Object.assign(rollout, { strategy: "combined", flag: { ...flag, phases: [100] } });
    };
    await rehearsed({ project, change, faults: ["errors=5%@100+50h"] }, (stack, outcome) => {
      expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "100", revert: { stateEqual: true } });
      const at = (decision: string) =>
        Date.parse(stack.entries.find(({ data }) => Object(data["decision"]).kind === decision)?.at ?? "");
      // There was none, it was made off, and opened.
      const shownMs = stack.flags?.clients.history[2]?.shownAtMs ?? 0;
      const foundMs = at("revert") - (shownMs + 50 * 3_600_000);
      // From the next whole minute on, in two windows of one.
      expect(foundMs).toBeGreaterThan(0);
      expect(foundMs).toBeLessThan(4 * 60_000);
    });
  });

  it("goes off by the stack where its store refuses the lever", async () => {
    await rehearsed({ project, faults: ["errors=5%@25", "flag-throttle@25:2m"] }, (stack, outcome) => {
      expect(outcome, JSON.stringify(outcome)).toMatchObject({
        outcome: "reverted",
        failedAt: "25",
        revert: { stateEqual: true },
      });
      expect(effects(stack.entries, "lever").map(({ data }) => data["ok"])).toEqual([false]);
      expect(flagIn(stack)).toMatchObject({ enabled: false });
    });
  });
});
