import { describe, expect, it } from "vitest";
import type { Engine, UpOptions, UpResult } from "../../../src/ports/engine.ts";
import { sandboxEngine } from "../../../src/sandbox/engine.ts";
import { createSandboxLever } from "../../../src/sandbox/lever.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { canaryWorld, deployment, MINUTE, names, ref, route } from "./world.ts";

const refused = (): Promise<never> => Promise.reject(new Error("not asked for in this test"));

/** An engine whose update writes into the sandbox, as the provider would. */
function engineOf(sandbox: Sandbox, update: () => Promise<void>): Engine {
  const up = async (): Promise<UpResult> => {
    await update();
    return { ok: false, failure: { kind: "unknown", message: "no record in this test" }, durationMs: 0 };
  };
  return sandboxEngine({ up, preview: refused, deployed: refused, recover: refused }, sandbox);
}

const to = (step: string, converge = false): UpOptions => ({
  target: { kind: "step", version: "1", step },
  converge,
});

describe("sandboxEngine", () => {
  it("lets no time pass during an update but what its provider waits for", async () => {
    const sandbox = await canaryWorld();
    const begunMs = sandbox.clock.now();
    let looked = false;
    const looking = (): void => {
      void sandbox.clock.sleep(MINUTE).then(() => {
        looked = true;
      });
    };
    const engine = engineOf(sandbox, async () => {
      looking();
      for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await sandbox.clock.advance(45_000);
    });
    await engine.up(to("5"));
    expect([sandbox.clock.now() - begunMs, looked]).toEqual([45_000, false]);
    await sandbox.clock.sleep(2 * MINUTE);
    expect(looked).toBe(true);
  });

  it.each([
    [false, 'conflict with "rollouts-lever"'],
    [true, undefined],
  ])(
    "takes the lever's weights only when it converges (%s), and never afterwards",
    async (converge, said) => {
      const sandbox = await canaryWorld();
      const lever = createSandboxLever(sandbox, names);
      await lever.setExposure(5);
      const engine = engineOf(sandbox, async () => {
        sandbox.cloud.update(route(100, 0));
      });
      const updated = engine.up(to("revert", converge));
      await (said === undefined
        ? expect(updated).resolves.toBeDefined()
        : expect(updated).rejects.toThrow(said));
      await lever.setExposure(20);
      await expect(engine.up(to("revert"))).rejects.toThrow("conflict");
    },
  );

  it("tells the faults which exposure the update goes to", async () => {
    const sandbox = await canaryWorld({ faults: ["image-pull@20"] });
    const grow = async (replicas: number): Promise<void> => {
      const target = ref("Deployment", names.candidate);
      const engine = engineOf(sandbox, async () => {
        sandbox.cloud.update(deployment("canary", { replicas, image: "atp/ingestion:1.1.0" }));
        await sandbox.cloud.awaitLive(target, MINUTE);
      });
      await engine.up(to(replicas === 2 ? "10" : "20"));
    };
    await expect(grow(2)).resolves.toBeUndefined();
    await expect(grow(3)).rejects.toThrow("ImagePullBackOff");
  });
});
