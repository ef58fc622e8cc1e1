import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { loadProgram } from "../../../src/cli/compose/program.ts";
import { createRuntime } from "../../../src/cli/compose/runtime.ts";
import { openPolicy, pulumiCli, securePaths } from "../../../src/cli/compose/secrets.ts";
import { recordOf } from "../../../src/cli/compose/world.ts";
import { runRollout } from "../../../src/driver/run.ts";
import type { RolloutError } from "../../../src/errors/errors.ts";
import { wallClock } from "../../../src/lib/wall-clock.ts";
import { currentContext } from "../../../src/program/context.ts";
import { aPolicy } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aStackConfig } from "./harness.ts";

const dir = mkdtempSync(join(tmpdir(), "rollouts-compose-"));
afterAll(() => rmSync(dir, { recursive: true }));

function module(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return name;
}

const here = { projectDir: ".", env: {} };

describe("the program of Pulumi.yaml", () => {
  const broken = [
    { why: "no such file", main: "nowhere.ts", code: "program-missing" },
    {
      why: "no default export",
      main: module("none.mjs", "export const a = 1;"),
      code: "program-no-function",
    },
    {
      why: "a default export that is no function",
      main: module("object.mjs", "export default {};"),
      code: "program-no-function",
    },
    {
      why: "a module that throws",
      main: module("throws.mjs", "throw new Error('no engine');"),
      code: "program-broken",
    },
    {
      why: "a module that can't be parsed",
      main: module("syntax.mjs", "export default ("),
      code: "program-broken",
    },
  ];
  it.each(broken)("$why: exit 2, with a hint", async ({ main, code }) => {
    const error: RolloutError = await loadProgram({ projectDir: dir, main }).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code, exit: "config", path: "Pulumi.yaml: main" });
    expect(error.hint).toBeTruthy();
  });

  it("runs with the driver's target around it", async () => {
    module("good.mjs", "export default async () => ({ seen: globalThis.rolloutsTestSeen() });");
    Object.assign(globalThis, { rolloutsTestSeen: () => currentContext()?.target });
    const program = await loadProgram({ projectDir: dir, main: "good.mjs" });
    const target = { kind: "step", version: "1.2.4", step: "20" } as const;
    expect(await program({ target, report: () => {} })).toEqual({ seen: target });
    expect(currentContext()).toBeUndefined();
  });

  it("a folder means its index", async () => {
    module("index.mjs", "export default () => ({ from: 'index' });");
    const program = await loadProgram({ projectDir: dir, main: "." });
    expect(await program({ target: { kind: "step", version: "1" }, report: () => {} })).toEqual({
      from: "index",
    });
  });
});

describe("encrypted values", () => {
  const secret = "https://hooks.example/T000/secret-key";
  const written = {
    preset: "development",
    service: "atp-ingestion",
    notify: [{ kind: "log" }, { kind: "webhook", url: { secure: "v1:abc" } }],
  };
  const at = (rollout: unknown) => ({
    projectDir: "/p",
    stack: "dev",
    config: { ...aStackConfig(), rollout, policy: aPolicy() },
  });

  it("are found where they stand", () => {
    expect(securePaths(written)).toEqual(["notify[1].url"]);
    expect(securePaths({ a: 1, b: [true, null] })).toEqual([]);
  });

  it("are read through the engine, and become secrets of the sink", async () => {
    const calls: (readonly string[])[] = [];
    const answer = { ...written, notify: [{ kind: "log" }, { kind: "webhook", url: secret }] };
    const pulumi = async (args: readonly string[]) => {
      calls.push(args);
      return JSON.stringify({ value: JSON.stringify(answer), objectValue: answer, secret: true });
    };
    const { policy, secrets } = await openPolicy(at(written), pulumi);
    expect(policy.notify).toEqual([{ kind: "log" }, { kind: "webhook", url: secret }]);
    expect(secrets).toEqual([secret]);
    expect(calls).toEqual([
      ["config", "get", "atp:rollout", "--json", "--stack", "dev", "--cwd", "/p", "--non-interactive"],
    ]);
  });

  it("cost nothing where there are none", async () => {
    const { policy } = await openPolicy(at({ preset: "development" }), async () => expect.unreachable());
    expect(policy).toEqual(aPolicy());
  });

  it("tokens of approvals and the change's authorization are secrets, with its scheme and without", async () => {
    const token = "ghp_planted-token";
    const policy = aPolicy({
      approvers: {
        ...aPolicy().approvers,
        sources: [{ kind: "github", repository: "a/b", environment: "p", runId: "1", token }],
      },
      change: {
        kind: "http",
        url: "https://c.example/{id}",
        fields: { state: "/s" },
        authorization: "Bearer planted-bearer",
        approvedStates: ["approved"],
      },
    });
    const stack = at({});
    const { secrets } = await openPolicy({ ...stack, config: { ...stack.config, policy } }, async () => "");
    expect(secrets).toEqual([token, "Bearer planted-bearer", "planted-bearer"]);
  });

  it("what a change makes of the policy is made again of the decrypted one", async () => {
    const answer = { ...written, notify: [{ kind: "log" }] };
    const adapt = ({ policy }: { policy: ReturnType<typeof aPolicy> }) => ({ ...policy, lookSeconds: 7 });
    const { policy } = await openPolicy({ ...at(written), adapt }, async () =>
      JSON.stringify({ objectValue: answer }),
    );
    expect([policy.preset, policy.lookSeconds]).toEqual(["development", 7]);
  });

  it("a plain webhook URL is a secret too", async () => {
    const stack = at({});
    const policy = aPolicy({ notify: [{ kind: "webhook", url: secret }] });
    const { secrets } = await openPolicy({ ...stack, config: { ...stack.config, policy } }, async () => "");
    expect(secrets).toEqual([secret]);
  });

  it("that can't be read are exit 3, with what helps", async () => {
    const cli = pulumiCli(process.execPath, {});
    const failing = cli(["-e", "console.error('error: incorrect passphrase'); process.exit(1)"]);
    await expect(failing).rejects.toMatchObject({
      code: "config-locked",
      exit: "auth",
      message: "The encrypted values of the rollout can't be read: incorrect passphrase",
    });
  });
});

describe("the record's folder", () => {
  it("is each stack's own", () => {
    const config = { kind: "file", dir: ".rollouts", leaseSeconds: 30 } as const;
    expect(recordOf(config, "prod").dir).toBe(join(".rollouts", "prod"));
    expect(recordOf(config, "org/atp/prod").dir).toBe(join(".rollouts", "org", "atp", "prod"));
  });
});

describe("the runtime", () => {
  it("a sleep ends early when its signal aborts, and at once where it has", async () => {
    const stop = new AbortController();
    const begun = performance.now();
    const sleeping = wallClock.sleep(60_000, stop.signal);
    stop.abort();
    await sleeping;
    await wallClock.sleep(60_000, stop.signal);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("talks to the sink; debug only when asked", () => {
    const lines: string[] = [];
    const talk = { line: (text: string) => void lines.push(text), color: false, addSecrets: () => {} };
    for (const debug of [false, true]) {
      const { logger } = createRuntime({ talk, signal: AbortSignal.abort(), debug });
      logger.info("i");
      logger.warn("w");
      logger.debug("d");
    }
    expect(lines).toEqual(["i", "warning: w", "i", "warning: w", "debug: d"]);
  });
});

describe("the ports of a policy", () => {
  const { runtime } = createMemoryRuntime();
  const direct = {
    strategy: "direct",
    increments: [{ exposure: 100, soakSeconds: 0 }],
    origins: { "lever.kind": "default", "metrics.kind": "default", "health.kind": "default" },
  } as const;

  it("that watches nothing and names none: a direct rollout goes through on the engine alone", async () => {
    const driver = aDriver({ policy: direct });
    const ports = await openPorts(driver.deps.policy, runtime, here);
    const outcome = await runRollout({ ...driver.deps, ...ports }, { version: "1.2.4", holder: "test" });
    expect(outcome.outcome).toBe("promoted");
    expect(driver.world.calls).toEqual(["up direct"]);
    await expect(ports.lever.setExposure(5)).rejects.toThrow("no candidate");
  });

  const refused = [
    { why: "a canary needs them", policy: aPolicy() },
    {
      why: "a sandbox that was asked for by name",
      policy: aPolicy({ ...direct, origins: { "metrics.kind": "config" } }),
    },
    {
      why: "a direct rollout with a watch",
      policy: aPolicy({ ...direct, increments: [{ exposure: 100, soakSeconds: 60 }] }),
    },
  ];
  it.each(refused)("are never made up: $why", async ({ policy }) => {
    await expect(openPorts(policy, runtime, here)).rejects.toMatchObject({
      code: "not-here",
      exit: "config",
    });
  });
});
