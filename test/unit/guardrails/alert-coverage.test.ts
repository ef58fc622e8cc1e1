import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setFolders } from "../../../policy-packs/rollout-guardrails/lib/stack-facts.ts";
import { alertCoverage } from "../../../policy-packs/rollout-guardrails/policies/alert-coverage.ts";
import { type AResource, checkStack, unknown } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import {
  insights,
  policyOf,
  production,
  type RegisteredAlerts,
  register,
} from "../components/alerts-world.ts";
import { validConfig } from "../config/valid-config.ts";

const root = resolve(import.meta.dirname, "../../..");
const planted = "hunter2-hunter2";
const canary: AResource = { type: "rollouts:index:CanaryDeployment", props: {} };
const alertsType = "rollouts:index:RolloutAlerts";
const counted = ["error-rate", "p95-latency", "exceptions", "health"];

let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

const texts = async (resources: readonly AResource[], config: object = {}) =>
  (await checkStack(alertCoverage, resources, config)).map(({ text }) => text);

const group = (props: object = {}): AResource => ({
  type: "azure-native:monitor:ActionGroup",
  name: "people",
  props: { enabled: true, smsReceivers: unknown.list, webhookReceivers: [{ serviceUri: planted }], ...props },
});

/** A rule on logs, on a metric or on a series, by what it stands for. */
function alert(
  id: string,
  over: { readonly kind?: string; readonly enabled?: unknown; readonly calls?: number } = {},
) {
  const { kind = "log", enabled = true, calls = 1 } = over;
  const called = Array.from({ length: calls }, () => unknown.string);
  const shared = { enabled, description: planted };
  if (kind === "log")
    return rule("monitor:ScheduledQueryRule", id, {
      props: { ...shared, actions: { actionGroups: called } },
      needs: "actions",
    });
  const actions = called.map((actionGroupId) => ({ actionGroupId }));
  if (kind === "metric")
    return rule("monitor:MetricAlert", id, { props: { ...shared, actions }, needs: "actions" });
  const rules = [{ ...shared, alert: `atp-prod-${id}`, expression: planted, actions }];
  return rule("alertsmanagement:PrometheusRuleGroup", "triggers", { props: { rules }, needs: "rules" });
}

function rule(
  type: string,
  id: string,
  { props, needs }: { props: Record<string, unknown>; needs: string },
): AResource {
  const all = { ...props, name: unknown.string };
  return {
    type: `azure-native:${type}`,
    name: `atp-alerts-${id}`,
    props: all,
    needs: { [needs]: ["people"] },
  };
}

const covered = counted.map((id) => alert(id));
const others = (id: string) => covered.filter(({ name }) => name !== `atp-alerts-${id}`);

describe("alert-coverage", () => {
  it("lets pass where each trigger has a rule that somebody hears of", async () => {
    expect(await texts([canary, group(), ...covered])).toEqual([]);
  });

  it.each(counted)("says that nothing watches %s", async (id) => {
    expect(await texts([canary, group(), ...others(id)])).toEqual([
      `no alert rule watches ${id}. Add new RolloutAlerts(name, { rollout, resourceGroup, receivers }), or name rules of your own: parameter rules.`,
    ]);
  });

  it("names all that nothing watches at once: the seven", async () => {
    const source = { kind: "prometheus", url: "http://p:9090", query: "max(x)" };
    folder.write({ ...validConfig, watch: { dbPool: source, queue: source, memory: source } });
    expect(await texts([canary])).toEqual([
      expect.stringContaining(`no alert rule watches ${counted.join(", ")}, db-pool, queue-depth, memory.`),
    ]);
  });

  it.each(["log", "metric", "series"])(
    "takes a rule on a %s, and asks that it is enabled and calls somebody",
    async (kind) => {
      const rest = [canary, group(), ...others("exceptions")];
      const found = (over: object) => texts([...rest, alert("exceptions", { kind, ...over })]);
      expect(await found({})).toEqual([]);
      expect(await found({ enabled: undefined })).toEqual([]);
      const hint = "Enable it, and give it an action group with a receiver.";
      const said = (why: string) => [`nobody hears of the alert rule for exceptions ${why}. ${hint}`];
      expect(await found({ enabled: false })).toEqual(said("is disabled"));
      expect(await found({ calls: 0 })).toEqual(said("calls no action group"));
    },
  );

  it.each([
    ["has no receiver", { webhookReceivers: [] }],
    ["has none that a preview knows", { webhookReceivers: unknown.list }],
    ["is disabled", { enabled: false }],
  ])("says that a group tells nobody where it %s", async (_, props) => {
    const found = await checkStack(alertCoverage, [canary, group(props), ...covered]);
    expect(found).toHaveLength(counted.length);
    expect(found[0]?.text).toContain("calls a group that tells nobody");
    expect(found[0]?.urn).toMatch(/::atp-alerts-error-rate$/);
  });

  it("believes in a group of another stack", async () => {
    expect(await texts([canary, ...covered])).toEqual([]);
  });

  it("takes one of several rules, and the health of a side", async () => {
    const dead = alert("exceptions", { enabled: false });
    const site = alert("health-slot", { kind: "metric" });
    expect(await texts([canary, group(), dead, ...others("health"), site])).toEqual([]);
    const wrong = alert("slo-error-rate-warning");
    expect(await texts([canary, ...others("error-rate"), wrong])).toHaveLength(1);
  });

  it("takes rules of one's own by their names", async () => {
    const own = [canary, ...others("exceptions"), alert("thrown")];
    expect(await texts(own)).toHaveLength(1);
    expect(await texts(own, { rules: { exceptions: ["atp-alerts-thrown"] } })).toEqual([]);
  });

  it("excepts what RolloutAlerts says that no rule can watch, and nothing else", async () => {
    const without = (...ids: string[]): AResource => ({
      type: alertsType,
      props: { without: ids.map((id) => ({ id, why: planted })) },
    });
    expect(await texts([canary, ...others("health"), without("health", "slo")])).toEqual([]);
    expect(await texts([canary, ...others("health"), without("slo")])).toEqual([
      expect.stringContaining("no alert rule watches health. Take back the transform"),
    ]);
  });

  it.each(["development", "test", "staging"])("has nothing to say of the preset %s", async (preset) => {
    folder.write({ ...validConfig, preset });
    expect(await texts([canary])).toEqual([]);
  });

  it("judges a hotfix as production", async () => {
    folder.write({ ...validConfig, preset: "hotfix" });
    expect(await texts([canary])).toHaveLength(1);
  });

  it("has nothing to say where nothing rolls out: alerts alone are none", async () => {
    expect(
      await texts([
        { type: alertsType, props: {} },
        { type: "rollouts:index:RolloutDashboard", props: {} },
      ]),
    ).toEqual([]);
  });

  it("says what of a preview nobody knows, and what of the config", async () => {
    const rules = alert("exceptions", { kind: "series" });
    const hidden = { ...rules, props: { rules: unknown.list } };
    expect(await texts([canary, hidden])).toEqual([
      expect.stringContaining("rules is not known in a preview"),
    ]);
    folder.write({ ...validConfig, soak: planted });
    const [found] = await texts([canary]);
    expect(found).toContain("can't be judged: Pulumi.prod.yaml is not valid at rollout.soak");
    expect(found).not.toContain(planted);
  });

  it("quotes no text of any resource", async () => {
    const broken = [group({ enabled: false }), ...covered.slice(1), alert("thrown", { enabled: false })];
    expect((await texts([canary, ...broken])).join()).not.toContain(planted);
  });
});

describe("what RolloutAlerts registers", () => {
  /** As a preview of a first install has it: the group's id isn't known. */
  function seen({ resources, alerts }: RegisteredAlerts): readonly AResource[] {
    const groups = resources.filter(({ type }) => type.endsWith(":ActionGroup")).map(({ name }) => name);
    const needs = { actions: groups, rules: groups };
    return resources.map(({ type, name, inputs }) =>
      type === alertsType
        ? { type, name, props: { rules: alerts.rules, without: alerts.without, ruleIds: unknown.list } }
        : {
            type,
            name,
            props: inputs,
            needs: type.endsWith(":ActionGroup") ? {} : needs,
            parent: alertsType,
          },
    );
  }

  it("covers the repository's own production", async () => {
    setFolders({ config: root, project: root });
    const all = seen(await register(await policyOf("prod")));
    expect(await texts([canary, ...all])).toEqual([]);
    expect(await texts([canary])).toEqual([expect.stringContaining("db-pool, queue-depth, memory")]);
  });

  it.each([
    ["Application Insights", { healthTests: ["health"] }],
    ["no availability test, which it says", {}],
  ])("covers production by %s", async (_, args) => {
    folder.write({ ...validConfig, metrics: { ...written() } });
    expect(await texts([canary, ...seen(await register(production(), args))])).toEqual([]);
  });

  it("does not where a transform disables a rule", async () => {
    setFolders({ config: root, project: root });
    const transform = {
      ruleGroup: (args: object) => ({ ...args, enabled: false }) as never,
    };
    const found = await texts([canary, ...seen(await register(await policyOf("prod"), { transform }))]);
    expect(found.join()).toContain("for error-rate is disabled");
  });

  function written() {
    return {
      kind: "azure-monitor",
      workspaceId: insights.workspaceId,
      cohort: "version",
      role: "atp-ingestion",
    };
  }
});
