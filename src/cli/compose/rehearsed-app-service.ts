import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSlotsOf, openValidation } from "../../adapters/blue-green.ts";
import type { Sides } from "../../driver/session.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { sandboxCredential, startAppService } from "../../sandbox/app-service.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { SlotLeverConfig } from "../../types/slots.ts";
import { followed, held, modulesFolder, still } from "./held.ts";
import { slotProviderFile } from "./program.ts";
import type { RehearsedCloud, RehearsedCloudOptions } from "./rehearsed-cloud.ts";
import { rehearsedCheck } from "./rehearsed-validation.ts";

/** Times of a swap against an ARM that answers at once, ms. */
const limits = { pollMs: 50, stuckMs: 5000, settleMs: 3000, unseenMs: 1000, backoffMs: 50 };

/** Checks that would reach out of the rehearsal. */
const outside: ReadonlySet<string> = new Set(["smoke", "postgres"]);

/**
 * App Service on loopback, for a policy of slots: the real lever, the real validation and the real `SlotRelease` talk
 * HTTPS to it. Real waiting takes no virtual time.
 */
export async function openAppService(
  options: RehearsedCloudOptions,
  config: SlotLeverConfig,
): Promise<RehearsedCloud> {
  const { sandbox, policy, faults, runtime, folder } = options;
  const { validate } = policy;
  const app = await startAppService({ ...options, address: config, validate, wall: runtime.wall });
  const { server } = app;
  const certFile = join(folder, "arm.pem");
  await writeFile(certFile, server.cert);
  // Swaps are watched by the time that they take.
  const slots = await openSlotsOf({
    config: { ...config, endpoint: server.endpoint },
    runtime: { ...runtime, clock: runtime.wall },
    credential: sandboxCredential,
    limits,
  });
  const { keyVault } = validate;
  const validation = await openValidation({
    config: {
      ...validate,
      ...(keyVault === undefined ? {} : { keyVault: { ...keyVault, url: server.vaultUrl } }),
    },
    runtime: asking(sandbox, runtime),
    cwd: folder,
    env: {},
    warmUpSeconds: policy.timeouts.confirmSeconds,
    baseUrl: () => held(sandbox, slots.idleUrl),
    place: config,
    endpoint: server.endpoint,
    credential: sandboxCredential,
    instead: (check) => (outside.has(check.name) ? rehearsedCheck(check.name, faults) : check),
  });
  const leverFor = (sides: Sides) => {
    app.rollsOut(sides);
    return still(sandbox, slots.leverFor(sides), app.follow);
  };
  return {
    env: {
      ...app.providers,
      ...server.identityEnv(certFile),
      PULUMI_ROLLOUTS_ARM_ENDPOINT: server.endpoint,
      PULUMI_ROLLOUTS_SWAP_LIMITS: JSON.stringify(limits),
      PULUMI_ROLLOUTS_SLOT_PROVIDER: slotProviderFile,
      NODE_PATH: modulesFolder(),
    },
    ports: {
      lever: leverFor({}),
      leverFor,
      health: app.health,
      validation,
    },
    app: server,
    wrap: (engine) => followed(engine, app.follow),
    close: app.close,
  };
}

/** For what sleeps on the sandbox's clock between two looks at a slot that starts: only its requests hold time. */
function asking(sandbox: Sandbox, runtime: Runtime): Runtime {
  const fetch: Runtime["fetch"] = (...asked) => held(sandbox, () => runtime.fetch(...asked));
  return { ...runtime, clock: sandbox.clock, fetch };
}
