import { describe, expect, it } from "vitest";
import { checklistSecrets } from "../../../src/config/checklist-of.ts";
import { securePlaceholder } from "../../../src/config/kinds-of.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { sandboxConfig } from "./valid-config.ts";

const policyOf = (more: object) =>
  normalizeOrThrow({ written: { ...sandboxConfig, ...more }, stack: "prod" });

describe("the checklists of a stack", () => {
  it.each([
    ["production", true],
    ["hotfix", true],
    ["staging", false],
    ["test", false],
    ["development", false],
  ])("preset %s has them: %s", (preset, on) => {
    const { checklist, origins } = policyOf({ preset });
    expect(checklist !== undefined).toBe(on);
    expect(origins["checklist"]).toBeUndefined();
  });

  it("defaults: four hours, staging, fourteen days; nothing waived, every source a person", () => {
    expect(policyOf({}).checklist).toEqual({
      waived: [],
      confirmedWithinSeconds: 14_400,
      revertRehearsed: { stack: "staging", withinDays: 14 },
      synthetics: [],
    });
  });

  it("false switches them off, an object on, each with its origin", () => {
    const off = policyOf({ checklist: false });
    expect(off.checklist).toBeUndefined();
    expect(off.origins["checklist"]).toBe("config");
    const on = policyOf({ preset: "staging", checklist: { confirmedWithin: "30m" } });
    expect(on.checklist?.confirmedWithinSeconds).toBe(1800);
    expect(on.origins["checklist.confirmedWithinSeconds"]).toBe("config");
  });

  it("takes everything, with its defaults; the token is a secret", () => {
    const { checklist } = policyOf({
      checklist: {
        waive: [{ item: "load-test", by: "dana", reason: "measured in production" }],
        revertRehearsed: { stack: "canary-eu", withinDays: 7 },
        loadTest: { kind: "http", url: "https://load.example" },
        securityScan: { path: "trivy.sarif" },
        smoke: { kind: "command", run: ["npm", "run", "smoke"] },
        synthetics: [
          { kind: "pingdom", token: { secure: "v1:abc" }, checks: [7] },
          { kind: "availability", resourceId: "/subscriptions/1/components/atp", tests: ["ping"] },
          { kind: "http", url: "https://status.example/atp" },
        ],
        exceptions: { kind: "command", run: ["./exceptions"] },
      },
    });
    expect(checklist).toMatchObject({
      waived: [{ item: "load-test", by: "dana", reason: "measured in production" }],
      revertRehearsed: { stack: "canary-eu", withinDays: 7 },
      securityScan: { path: "trivy.sarif", withinDays: 7 },
      synthetics: [
        { token: securePlaceholder, endpoint: "https://api.pingdom.com" },
        { kind: "availability", tests: ["ping"] },
        { kind: "http" },
      ],
    });
    const plain = policyOf({
      checklist: { synthetics: [{ kind: "pingdom", token: "hunter22", checks: [7] }] },
    });
    expect(checklistSecrets(plain)).toEqual(["hunter22"]);
  });
});
