import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import type { LeverConfig } from "../../types/policy.ts";
import { type KubeApi, KubeFailure, type KubeObject, type PatchOperation } from "./kube-api.ts";
import { hasStatus } from "./kube-object.ts";
import type { SideNames } from "./route-shape.ts";
import { seenOf, sidesIfAllowed } from "./sides.ts";

/** How often a write is tried when the object changes under it. */
const maxTries = 3;

/** A lever on one object of a router. */
export interface RouterLeverOptions<Kind extends LeverConfig["kind"]> {
  readonly config: Extract<LeverConfig, { kind: Kind }>;
  /** Names of both sides' Services, which their Deployments share. */
  readonly names: SideNames;
  readonly runtime?: Pick<Runtime, "logger">;
  /** Default: the official client, by the kubeconfig of `config`. */
  readonly api?: KubeApi;
}

/** What sets one router's object apart from another's. */
interface RouterObject {
  readonly kind: string;
  readonly api: KubeApi;
  readonly object: KubeObject;
  readonly names: SideNames;
  readonly runtime?: Pick<Runtime, "logger">;
  /** What to do where the API denies or lacks something; absent: as the API says it. */
  readonly advice?: Advice;
  /** What to write for an exposure, read anew, `test` operations first; empty: nothing is to do. */
  operations(exposure: number, signal?: AbortSignal): Promise<readonly PatchOperation[]>;
  read(signal?: AbortSignal): Promise<RouteReading>;
  /** `read` says by itself who is ready; default false: the Deployments are asked. */
  readonly readsPods?: boolean;
  /** What gives the lever's fields back, read anew; absent: the engine takes them by writing another value. */
  giveBack?(signal?: AbortSignal): Promise<readonly PatchOperation[]>;
}

/** The lever on it: whole percentages alone, guarded writes, readiness by the Deployments. */
export function routerLever(of: RouterObject): Lever {
  const { kind, api, object, names, runtime, advice } = of;
  const { namespace } = object;
  const advised = <T>(call: () => Promise<T>) => (advice === undefined ? call() : withAdvice(advice, call));
  const write = (operations: GuardedWrite["operations"], signal?: AbortSignal) => {
    const logger = runtime ? { logger: runtime.logger } : {};
    return advised(() => writeGuarded({ api, object, operations, ...logger, ...(signal ? { signal } : {}) }));
  };
  const giveBack = of.giveBack?.bind(of);
  return {
    name: `${kind} ${namespace}/${object.name}`,
    setExposure: async (exposure, signal) => {
      assertExposure(exposure);
      await write(() => of.operations(exposure, signal), signal);
    },
    ...(giveBack ? { release: (signal?: AbortSignal) => write(() => giveBack(signal), signal) } : {}),
    read: (signal) =>
      advised(async () => {
        const [found, sides] = await Promise.all([
          of.read(signal),
          of.readsPods ? undefined : sidesIfAllowed(api, { namespace, names }, signal),
        ]);
        return { ...found, ...(sides ? seenOf(sides) : {}) };
      }),
  };
}

/** Refuses what is no whole percentage: RolloutError `exposure-invalid`. */
function assertExposure(exposure: number): void {
  if (Number.isInteger(exposure) && exposure >= 0 && exposure <= 100) return;
  throw new RolloutError(`An exposure of ${exposure} % was asked for: it is a whole number from 0 to 100.`, {
    code: "exposure-invalid",
    exit: "config",
    hint: "Write increments as whole percentages.",
  });
}

interface GuardedWrite {
  readonly api: KubeApi;
  readonly object: KubeObject;
  /** Reads the object and says what to write, `test` operations first; empty: nothing is to do. */
  readonly operations: () => Promise<readonly PatchOperation[]>;
  readonly logger?: Runtime["logger"];
  readonly signal?: AbortSignal;
}

/**
 * One JSON patch. An object that changed since it was read is never written blindly, but read again, up to 3 times:
 * a failed `test` is 422 Invalid, a write that met another one 409, an object that went meanwhile 404.
 */
async function writeGuarded({ api, object, operations, logger, signal }: GuardedWrite): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const wanted = await operations();
    if (wanted.length === 0) return;
    try {
      return await api.patch(object, wanted, signal);
    } catch (error) {
      if (attempt >= maxTries || !hasStatus(error, 404, 409, 422)) throw error;
      logger?.debug(`${object.name} changed while its weight was written: reading it again`);
    }
  }
}

interface Advice {
  readonly denied: string;
  readonly absent: string;
}

/** Runs a lever's call; what the API denies or lacks is told with the router's own advice. */
async function withAdvice<T>(advice: Advice, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof KubeFailure) || !hasStatus(error, 401, 403, 404)) throw error;
    const hint = hasStatus(error, 404) ? advice.absent : advice.denied;
    throw new RolloutError(error.message, { code: error.code, exit: error.exit, hint, cause: error });
  }
}
