import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Engine } from "../../ports/engine.ts";
import type { Lever } from "../../ports/lever.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";

/** Real work against a server on loopback: it takes no virtual time. */
export async function held<T>(sandbox: Sandbox, work: () => Promise<T>): Promise<T> {
  const release = sandbox.clock.hold();
  try {
    return await work();
  } finally {
    release();
  }
}

/** A real lever whose work takes no virtual time; `follow` is called after whatever it may have moved. */
export function still(sandbox: Sandbox, lever: Lever, follow: () => void): Lever {
  return {
    name: lever.name,
    setExposure: (exposure, signal) =>
      held(sandbox, async () => {
        await lever.setExposure(exposure, signal).finally(follow);
      }),
    read: (signal) => held(sandbox, () => lever.read(signal)),
  };
}

/** An engine after whose updates `follow` is called. */
export function followed(engine: Engine, follow: () => void): Engine {
  return { ...engine, up: (options) => engine.up(options).finally(follow) };
}

/** Where the SDK's own process finds the SDK, whose folder is the rehearsal's. */
export function modulesFolder(): string {
  const sdk = dirname(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
  return dirname(dirname(sdk));
}
