import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { FeatureFlagRollout } from "../../../src/components/feature-flag-rollout.ts";
import type { RolloutError } from "../../../src/errors/errors.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";
import { keyOfName } from "../../../src/plan/flag-key.ts";
import { flagContentType } from "../../../src/plan/flag-value.ts";
import type { Release } from "../../../src/types/release.ts";
import { aWorkload } from "../../support/builders.ts";
import { validVariants } from "../config/valid-flag.ts";
import {
  componentType,
  type FlagRun,
  inputsOf,
  keyValueType,
  place,
  runFlag,
  walk,
  withFlag,
} from "./feature-flag-world.ts";

const folder = resolve(import.meta.dirname, "../../golden/feature-flag");
const phases = ["beta", "10", "25", "50", "100", "settle"];
const code = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const ab = { by: "variant", variants: validVariants, exclude: { groups: ["regulated"] } };

/** What is registered at each name of a golden. */
const goldens: Readonly<Record<string, { readonly run: FlagRun; readonly steps: readonly string[] }>> = {
  off: { run: {}, steps: [] },
  beta: { run: {}, steps: ["beta"] },
  "25": { run: {}, steps: ["beta", "10", "25"] },
  on: { run: {}, steps: phases },
  variant: { run: { flag: ab }, steps: ["beta", "10"] },
};

async function at(run: FlagRun, ...steps: readonly string[]) {
  const last = steps.at(-1);
  if (last === undefined) return await runFlag(run);
  return await runFlag({ ...run, step: last, record: await walk(run, ...steps.slice(0, -1)) });
}

/** The flag as it is to stand in the store. */
async function valueAt(run: FlagRun, ...steps: readonly string[]): Promise<Record<string, never>> {
  const { value } = inputsOf((await at(run, ...steps)).resources, keyValueType);
  return JSON.parse(String(value)) as Record<string, never>;
}

async function refused(run: FlagRun): Promise<RolloutError & { readonly registered: readonly string[] }> {
  return await runFlag(run).then(
    () => expect.unreachable("it was registered"),
    (error: unknown) => error as RolloutError & { readonly registered: readonly string[] },
  );
}

describe("FeatureFlagRollout", () => {
  test.each(Object.entries(goldens))("what it registers: %s", async (name, { run, steps }) => {
    const { resources } = await at(run, ...steps);
    const graph = Object.fromEntries(
      resources.map(({ type, name: of, inputs }) => {
        const { value, ...rest } = inputs;
        return [`${type} ${of}`, { ...rest, ...(value ? { value: JSON.parse(String(value)) } : {}) }];
      }),
    );
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`));
  });

  test("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      Object.keys(goldens)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
  });

  test("is off at its install, for everybody", async () => {
    const { resources, exposure, key } = await runFlag({});
    const { value, contentType, configStoreName } = inputsOf(resources, keyValueType);
    expect(JSON.parse(String(value))).toMatchObject({ enabled: false });
    expect([contentType, configStoreName]).toEqual([flagContentType, place.store]);
    expect([exposure, key]).toEqual([0, ".appconfig.featureflag/AuditTrail.NewTamperProofAlgorithm"]);
  });

  test("opens with each step, and says how far", async () => {
    const seen: unknown[] = [];
    for (let last = 1; last <= phases.length; last++) {
      const { resources, exposure } = await at({}, ...phases.slice(0, last));
      const flag = JSON.parse(String(inputsOf(resources, keyValueType)["value"]));
      const [{ parameters }] = flag.conditions.client_filters;
      seen.push([exposure, flag.enabled, parameters.Audience.DefaultRolloutPercentage]);
    }
    expect(seen).toEqual([
      [0.5, true, 0],
      [10, true, 10],
      [25, true, 25],
      [50, true, 50],
      [100, true, 100],
      [100, true, 100],
    ]);
  });

  test("names groups with their shares, and who is never in", async () => {
    const exclude = { users: ["tenant-bank"], groups: ["regulated"] };
    const flag = await valueAt({ flag: { exclude } }, "beta");
    expect(flag).toMatchObject({
      conditions: {
        client_filters: [
          {
            name: "Microsoft.Targeting",
            parameters: {
              Audience: {
                Users: ["tenant-beta-001", "tenant-beta-002"],
                Groups: [{ Name: "beta-testers", RolloutPercentage: 100 }],
                Exclusion: { Users: ["tenant-bank"], Groups: ["regulated"] },
              },
            },
          },
        ],
      },
    });
  });

  test.each([
    ["without a label", {}, { key: ".appconfig.featureflag/AuditTrail.NewTamperProofAlgorithm" }],
    [
      "with an awkward id and label",
      { id: "Audit/Trail~$1", label: "eu:~$%/ü" },
      { key: ".appconfig.featureflag/Audit/Trail~$1", label: "eu:~$%/ü" },
    ],
  ])("is named as Azure takes it, %s", async (_why, flag, expected) => {
    const { resources, key } = await runFlag({ flag });
    const { keyValueName } = inputsOf(resources, keyValueType);
    expect(String(keyValueName)).not.toMatch(/[/%: ]/);
    expect(keyOfName(String(keyValueName))).toEqual(expected);
    expect(key).toBe(expected.key);
  });

  test("ignores nothing: the whole value is the stack's", async () => {
    const { ignored } = await at({}, "beta");
    expect(Object.keys(ignored).toSorted()).toEqual([
      `${keyValueType} atp-ingestion`,
      `${componentType} atp-ingestion`,
    ]);
    expect(Object.values(ignored)).toEqual([[], []]);
  });

  test("has tags only where there are some", async () => {
    const tags = async (args: FlagRun["args"]) =>
      inputsOf((await runFlag(args ? { args } : {})).resources, keyValueType)["tags"];
    expect([await tags(undefined), await tags({ tags: {} })]).toEqual([undefined, undefined]);
    expect(await tags({ tags: { team: "audit" } })).toEqual({ team: "audit" });
  });

  test("makes its store where it is asked to, for writes by whoever runs the update", async () => {
    const args = {
      store: { create: { name: place.store } },
      location: "westeurope",
      tags: { team: "audit" },
    };
    const { resources } = await runFlag({ args });
    expect(inputsOf(resources, "azure-native:appconfiguration:ConfigurationStore")).toMatchObject({
      configStoreName: place.store,
      resourceGroupName: place.resourceGroup,
      location: "westeurope",
      sku: { name: "standard" },
      dataPlaneProxy: { authenticationMode: "Pass-through" },
      tags: { team: "audit" },
    });
    expect(inputsOf(resources, keyValueType)["configStoreName"]).toBe(place.store);
  });

  test("takes the name of a store from another stack's output", async () => {
    const { resources } = await runFlag({ args: { store: output(place.store) } });
    expect(inputsOf(resources, keyValueType)["configStoreName"]).toBe(place.store);
    expect(resources).toHaveLength(2);
  });

  test("transforms see each child", async () => {
    const { resources } = await runFlag({
      args: {
        store: { create: { name: place.store, sku: "premium" } },
        transform: {
          store: (args) => ({ ...args, enablePurgeProtection: true }),
          flag: (args) => ({ ...args, tags: { seen: "yes" } }),
        },
      },
    });
    expect(inputsOf(resources, "azure-native:appconfiguration:ConfigurationStore")).toMatchObject({
      sku: { name: "premium" },
      enablePurgeProtection: true,
    });
    expect(inputsOf(resources, keyValueType)).toMatchObject({ tags: { seen: "yes" } });
  });
});

describe("the same again", () => {
  const plain = (resources: unknown) => stableJson(resources);

  test.each(phases)("at %s registers what is there, with the step and without it", async (last) => {
    const steps = phases.slice(0, phases.indexOf(last) + 1);
    const first = await at({}, ...steps);
    const second = await runFlag({ step: last, record: first.release });
    const third = await runFlag({ record: first.release });
    expect(plain(second.resources)).toBe(plain(first.resources));
    expect(plain(third.resources)).toBe(plain(first.resources));
  });

  test("after a revert is what was there before the first phase", async () => {
    const before = await runFlag({});
    const open = await walk({}, "beta", "10", "25");
    const back = await runFlag({ step: "revert", record: open });
    expect(plain(back.resources)).toBe(plain(before.resources));
    expect(back.release).toEqual(before.release);
  });

  test("after a revert of a changed definition is what was there before", async () => {
    const before = await runFlag({});
    const changed = { flag: { beta: { users: ["tenant-9"] }, by: "variant", variants: validVariants } };
    const open = await runFlag({ ...changed, step: "beta", record: before.release });
    expect(plain(open.resources)).not.toBe(plain(before.resources));
    const back = await runFlag({ ...changed, step: "revert", record: open.release });
    expect(plain(back.resources)).toBe(plain(before.resources));
  });
});

describe("what it records of itself, for policies", () => {
  test("in a phase: who is in, which way, from where to where, and both sides", async () => {
    const { resources } = await at({ flag: ab }, "beta", "10");
    expect(inputsOf(resources, componentType)).toMatchObject({
      service: "atp-ingestion",
      intent: {
        strategy: "feature-flag",
        environment: "prod",
        step: "10",
        from: 0.5,
        to: 10,
        increments: [10, 25, 50, 100],
      },
      flag: {
        id: "AuditTrail.NewTamperProofAlgorithm",
        by: "variant",
        beta: { users: 2, groups: [{ name: "beta-testers", percentage: 100 }] },
        exclude: { users: 0, groups: ["regulated"] },
        variants: { on: "sha512", off: "sha256" },
        telemetry: false,
      },
      stable: { version: "off" },
      candidate: { version: "1.2.4" },
    });
  });

  test("settled: neither strategy nor phases, as its next change may come another way", async () => {
    for (const steps of [[], phases]) {
      const { intent, candidate } = inputsOf((await at({}, ...steps)).resources, componentType);
      expect(Object.keys(Object(intent)).toSorted()).toEqual(["environment", "from", "step", "to"]);
      expect(candidate).toBeUndefined();
    }
  });

  test("names no tenant: a policy needs their number", async () => {
    const { resources } = await at({ flag: { exclude: { users: ["tenant-secret"] } } }, "beta");
    expect(JSON.stringify(inputsOf(resources, componentType))).not.toContain("tenant-");
  });
});

describe("beside a service", () => {
  const run: FlagRun = { beside: true };
  const flagOnly = (resources: { readonly type: string }[]) =>
    resources.filter(({ type }) => type === keyValueType || type === componentType);

  test("comes off with its first install, and is the same in every step of its code", async () => {
    const installed = await runFlag({ ...run, version: "1.2.3" });
    let record: Release = installed.release;
    for (const step of code) {
      const next = await runFlag({ ...run, step, record });
      expect(flagOnly([...next.resources])).toEqual(flagOnly([...installed.resources]));
      record = next.release;
    }
    expect(record).toMatchObject({ stable: { version: "1.2.4" }, flag: { stable: { version: "off" } } });
  });

  test("a phase changes the flag, and nothing of the service", async () => {
    const served = await walk({ ...run, version: "1.2.3" });
    const before = await runFlag({ ...run, version: "1.2.3", record: served });
    const after = await runFlag({ ...run, version: "1.2.3", step: "flag-beta", record: served });
    const was = new Set(before.resources.map((one) => stableJson(one)));
    const changed = after.resources.filter((one) => !was.has(stableJson(one)));
    expect(changed.map(({ type }) => type).toSorted()).toEqual([keyValueType, componentType]);
    expect(after.resources).toHaveLength(before.resources.length);
    expect(after.release).toMatchObject({ exposure: 0, step: "install", flag: { exposure: 0.5 } });
  });

  test("an exact record of before the flag leaves it off, and is no error on the way back", async () => {
    const { flag: _none, ...without } = await walk({ ...run, version: "1.2.3" });
    const target = { kind: "release", version: "1.2.4", release: without } as const;
    const { release, exposure } = await runFlag({ ...run, target, record: without });
    expect([exposure, release.flag?.stable.version]).toEqual([0, "off"]);
  });

  test("a component of canaries renders the code of both strategies", async () => {
    for (const strategy of ["feature-flag", "combined"]) {
      const record = await walk({ ...run, version: "1.2.3" });
      const { resources } = await runFlag({ ...run, step: "5", record, config: { strategy } });
      const names = resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
      expect(names).toContain("Deployment atp-ingestion-canary");
      expect(inputsOf(resources, "rollouts:index:CanaryDeployment")).toMatchObject({ intent: { strategy } });
    }
  });
});

describe("refused before anything is registered", () => {
  const rows: readonly [string, FlagRun, string][] = [
    ["a phase at the install", { step: "beta" }, "step-refused"],
    ["no flag in config", { beside: true, config: { flag: undefined } }, "flag-missing"],
    ["another name than the service's, alone", { config: { service: "billing" } }, "service-mismatch"],
    [
      "a service where the lever is the flag's",
      { program: (rollout) => void withFlag(rollout, { beside: true }) },
      "flag-is-alone",
    ],
    [
      "a flag before its service",
      { beside: true, program: (rollout) => void withFlag(rollout, {}) },
      "flag-before-service",
    ],
    [
      "a flag twice",
      {
        program: (rollout) => {
          withFlag(rollout, {});
          withFlag(rollout, {});
        },
      },
      "rollout-claimed-twice",
    ],
    [
      "a flag that nobody renders",
      {
        beside: true,
        program: (rollout) =>
          void rollout.claim({
            component: "atp-ingestion",
            workload: aWorkload(),
            replicas: 1,
            strategies: ["canary"],
          }),
      },
      "flag-not-rendered",
    ],
    [
      "more tenants than fit, long before the phase that names them",
      { flag: { beta: { users: Array.from({ length: 600 }, (_, n) => `tenant-beta-${n + 100}`) } } },
      "flag-too-large",
    ],
  ];
  test.each(rows)("%s", async (why, run, code) => {
    const error = await refused(run);
    expect(error).toMatchObject({ code, exit: "config", hint: expect.any(String) });
    if (why !== "a flag twice") expect(error.registered).not.toContain(componentType);
  });

  test("a way back is never refused for what config says since", async () => {
    const open = await walk({}, "beta", "10");
    const users = Array.from({ length: 600 }, (_, n) => `tenant-beta-${n + 100}`);
    const { stable } = open;
    const baseline: Release = { schemaVersion: 1, stable, exposure: 0, previousExposure: 0, step: "install" };
    const target = { kind: "release", version: "1.2.4", release: baseline } as const;
    const { exposure } = await runFlag({ target, record: open, flag: { beta: { users } } });
    expect(exposure).toBe(0);
  });

  const broken: readonly [string, NonNullable<FlagRun["args"]>, readonly string[]][] = [
    ["no store and no group", { store: "", resourceGroup: "" }, ["resourceGroup", "store"]],
    ["an endpoint for a name", { store: "https://atp-prod-appconfig.azconfig.io" }, ["store"]],
    ["a store of another name than the endpoint's", { store: "atp-test-appconfig" }, ["store"]],
    ["a region for a store that is there", { location: "westeurope" }, ["location"]],
    [
      "a store that Azure doesn't take, every problem at once",
      { store: { create: { name: "a---b", sku: "Standard" as never } }, location: "" },
      ["store.create.name", "store.create.sku", "location"],
    ],
    [
      "a new store of another name than the endpoint's",
      { store: { create: { name: "atp-test-appconfig" } } },
      ["store.create.name"],
    ],
    [
      "a transform that moves the phase",
      { transform: { flag: (args) => ({ ...args, value: "{}", contentType: "text/plain" }) } },
      ["transform.flag", "transform.flag"],
    ],
  ];
  test.each(broken)("%s", async (_why, args, paths) => {
    const error = await refused({ args });
    expect(error.code).toBe("config-invalid");
    expect(error.issues.map(({ path }) => path)).toEqual(paths.map((path) => `atp-ingestion.${path}`));
    expect(error.registered).toEqual([]);
  });

  test("a replica's endpoint is its store's; one of another domain tells nothing", async () => {
    for (const endpoint of [
      "https://atp-prod-appconfig-weu.azconfig.io",
      "https://ATP-Prod-AppConfig.azconfig.io",
      "https://config.atp.example",
    ]) {
      const { resources } = await runFlag({ flag: { endpoint } });
      expect(resources).toHaveLength(2);
    }
  });

  test("by its class too, where it is made in a program of one's own", () => {
    expect(() => new FeatureFlagRollout("f", { ...place, store: "x" } as never)).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });
});
