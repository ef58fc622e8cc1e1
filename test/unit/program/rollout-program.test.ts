import { runtime } from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CanaryDeployment } from "../../../src/components/canary-deployment.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import { currentContext, runInContext } from "../../../src/program/context.ts";
import { rolloutProgram } from "../../../src/program/rollout-program.ts";
import type { Resolved, Target } from "../../../src/types/engine.ts";
import type { JournalHead } from "../../../src/types/journal.ts";
import type { Release } from "../../../src/types/release.ts";
import { aRelease } from "../../support/builders.ts";
import { known, mockStack } from "./mock-stack.ts";

const config = {
  "atp:version": "1.2.3",
  "atp:rollout": JSON.stringify({
    preset: "production",
    service: "atp-ingestion",
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: { kind: "sandbox" },
    notify: [{ kind: "webhook", url: "https://hooks.example/planted-secret" }],
  }),
};

function component(rollout: Rollout): void {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
  });
}

beforeEach(() => runtime.setAllConfig(config));
afterEach(() => runtime.setAllConfig({}));

describe("without a driver", () => {
  test("version and step come from stack config, the record from the stack's own output", async () => {
    const { resources } = await mockStack({ release: aRelease("1.2.2", { step: "install" }) });
    runtime.setAllConfig({ ...config, "atp:step": "5" });
    const outputs = await rolloutProgram(component)();
    expect(await known<Release>(outputs["release"])).toMatchObject({
      stable: { version: "1.2.2" },
      candidate: { version: "1.2.3" },
      exposure: 5,
    });
    expect(resources.map(({ type, name }) => `${type} ${name}`)).toContain(
      "pulumi:pulumi:StackReference organization/atp/prod",
    );
  });

  test("a record that a program wrapped into a secret is read all the same", async () => {
    await mockStack({});
    const release = await known<Release>((await rolloutProgram(component)())["release"]);
    await mockStack({ release }, { secretNames: ["release"] });
    const outputs = await rolloutProgram(component)();
    expect(await known<Release>(outputs["release"])).toEqual(release);
  });

  test("the record is added where the function returns something else, or nothing", async () => {
    await mockStack({});
    const outputs = await rolloutProgram((rollout) => {
      component(rollout);
      return { own: 1 };
    })();
    expect(Object.keys(outputs).toSorted()).toEqual(["exposure", "own", "release", "version"]);
    expect(await known(outputs["exposure"])).toBe(0);
  });

  test("no secret of the policy gets into an argument of a resource", async () => {
    const { resources } = await mockStack({});
    await known((await rolloutProgram(component)())["release"]);
    expect(JSON.stringify(resources)).not.toContain("planted-secret");
  });

  const broken = [
    {
      config: { "atp:rollout": config["atp:rollout"] },
      text: /version-missing[\s\S]*pulumi config set version/,
      why: "no version",
    },
    { config: { "atp:version": "1" }, text: /config-invalid[\s\S]*rollout/, why: "no policy" },
    {
      config: { ...config, "atp:rollout": "planted-secret" },
      text: /must be an object/,
      why: "a text for a policy",
    },
    {
      config: { ...config, "atp:step": "20" },
      text: /step-refused/,
      why: "a step without a version in service",
    },
  ];
  test.each(broken)("$why: one readable text, without a stack trace", async ({ config: given, text }) => {
    const { resources } = await mockStack({});
    runtime.setAllConfig(given);
    const error: unknown = await rolloutProgram(component)().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ __pulumiRunError: true, message: expect.stringMatching(text) });
    expect(String(error)).not.toContain("planted-secret");
    expect(resources.filter(({ type }) => !type.startsWith("pulumi:"))).toEqual([]);
  });

  test("an output of that name that is no record stops everything: going on would install over a service", async () => {
    await mockStack({ release: "2026-01" });
    await expect(rolloutProgram(component)()).rejects.toThrow(/record-invalid/);
  });

  test("a component that leaves the rollout out is told so", async () => {
    await mockStack({});
    await expect(rolloutProgram(() => ({}))()).rejects.toThrow(/rollout-not-used/);
  });
});

describe("with a driver", () => {
  test("its target is rendered, whatever config says, and it hears what came of it", async () => {
    await mockStack({ release: aRelease("1.2.3") });
    runtime.setAllConfig({ ...config, "atp:step": "50" });
    const reports: Resolved[] = [];
    const target: Target = { kind: "step", version: "1.2.9", step: "5" };
    const outputs = await runInContext(
      { target, report: (resolved) => reports.push(resolved) },
      rolloutProgram(component),
    );
    expect(reports).toEqual([
      expect.objectContaining({ desired: expect.objectContaining({ version: "1.2.9" }) }),
    ]);
    expect(await known<Release>(outputs["release"])).toMatchObject({
      exposure: 5,
      candidate: { version: "1.2.9" },
    });
  });

  const head = (seq: number) => ({ seq, hash: "0".repeat(64) });

  /** The output `journal` of one run on a stack whose last update left `journal`. */
  async function journalAfter(run: {
    readonly present?: unknown;
    readonly journalHead?: JournalHead;
    readonly own?: object;
  }): Promise<unknown> {
    const { present, journalHead, own } = run;
    await mockStack(present === undefined ? {} : { journal: present });
    const target: Target = { kind: "step", version: "1.2.3", ...(journalHead ? { journalHead } : {}) };
    const main = rolloutProgram((rollout) => {
      component(rollout);
      return own;
    });
    const outputs = await runInContext({ target, report: () => {} }, main);
    await known(outputs["release"]);
    return outputs["journal"];
  }

  test.each([
    { what: "the first", run: { journalHead: head(7) }, journal: head(7) },
    { what: "a newer one", run: { present: head(7), journalHead: head(9) }, journal: head(9) },
    { what: "none: what is there stays", run: { present: head(7) }, journal: head(7) },
    { what: "none, and what is there is no head", run: { present: "https://x" }, journal: undefined },
    {
      what: "one, and the program has an output of that name of its own",
      run: { journalHead: head(7), own: { journal: "https://x" } },
      journal: "https://x",
    },
  ])("it brings the head of its journal: $what", async ({ run, journal }) => {
    expect(await journalAfter(run)).toEqual(journal);
  });

  test("it gets our own errors as they are", async () => {
    await mockStack({ release: aRelease("1.2.3") });
    const target: Target = { kind: "step", version: "1.2.9", step: "100" };
    await expect(runInContext({ target, report: () => {} }, rolloutProgram(component))).rejects.toMatchObject(
      {
        code: "step-refused",
        exit: "config",
      },
    );
  });

  test("the context is that of the process, not of one copy of the library", async () => {
    const target: Target = { kind: "step", version: "1" };
    const copy: typeof import("../../../src/program/context.ts") = await import(
      /* @vite-ignore */ `../../../src/program/context.ts?copy=${Date.now()}`
    );
    expect(copy.currentContext).not.toBe(currentContext);
    const seen = await runInContext({ target, report: () => {} }, async () => copy.currentContext());
    expect(seen?.target).toBe(target);
    expect(currentContext()).toBeUndefined();
  });
});
