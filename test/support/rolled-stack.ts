import type { DriverDeps } from "../../src/driver/session.ts";
import { type UndoOptions, undoToRevision } from "../../src/driver/undo.ts";
import type { Revision, Revisions } from "../../src/ports/revisions.ts";
import { aSnapshot } from "./builders.ts";
import { aDriver } from "./drive.ts";

/** What a stack in memory whose versions roll has gone through, and knobs for the Deployment that it has. */
export interface RolledStack extends ReturnType<typeof aDriver> {
  readonly revisions: Revisions;
  readonly pods: Pods;
  undo(revision: number, more?: Partial<UndoOptions>): ReturnType<typeof undoToRevision>;
}

interface Pods {
  /** Of six. */
  ready: number;
  /** Whether pods of the version before are still there. */
  left: () => boolean;
  listFails: boolean;
  /** Identity of the present template, where it is none of ours. */
  foreign?: string;
  /** Identities of revisions by number, where they are not as the versions have it. */
  readonly identities: Map<number, string | undefined>;
}

export const rolling = { strategy: "rolling", increments: [{ exposure: 100, soakSeconds: 300 }] } as const;

/** 1.2.3 installed, then each version rolled and promoted: revisions 1, 2, 3, … */
export async function aRolledStack(versions: readonly string[] = ["1.2.4", "1.2.5"]): Promise<RolledStack> {
  const driver = aDriver({ policy: rolling });
  const pods: Pods = { ready: 6, left: () => false, listFails: false, identities: new Map() };
  const numbers = new Map<string, number>();
  let pulledTo: string | undefined;
  const { lever, engine } = driver.deps;
  const calls = driver.world.calls as string[];
  const leverFor: DriverDeps["leverFor"] = (sides) => ({
    ...lever,
    setExposure: async (exposure) => {
      await lever.setExposure(exposure);
      pulledTo = sides.stable;
    },
    read: async () => ({ ...(await lever.read()), ...(pods.left() ? { hasCandidate: true } : {}) }),
    release: async () => void calls.push("release"),
  });
  const up: DriverDeps["engine"]["up"] = async (options) => {
    const result = await engine.up(options);
    if (result.ok) pulledTo = undefined;
    return result;
  };
  Object.assign(driver.deps, { leverFor, engine: { ...engine, up }, metrics: whole(driver.deps.metrics) });
  const revisions: Revisions = {
    list: async () => {
      if (pods.listFails) throw new Error("the API server does not answer");
      const present = pods.foreign ?? pulledTo ?? driver.world.record()?.stable.identity ?? "";
      const highest = Math.max(0, ...numbers.values());
      if (numbers.get(present) !== highest || highest === 0) numbers.set(present, highest + 1);
      return [...numbers].map(([identity, number]) =>
        revisionOf(pods, { identity, number, present: identity === present }),
      );
    },
  };
  await revisions.list();
  for (const version of versions) {
    await driver.run({ version });
    await revisions.list();
  }
  calls.splice(0);
  const undo: RolledStack["undo"] = (revision, more = {}) =>
    undoToRevision(driver.deps, {
      revision,
      revisions,
      holder: "test",
      by: "dana",
      reason: "customer",
      ...more,
    });
  return { ...driver, revisions, pods, undo };
}

/** Every request reaches the service as a whole, and none fails. */
function whole(metrics: DriverDeps["metrics"]): DriverDeps["metrics"] {
  return {
    ...metrics,
    observe: async (query) => {
      const answer = await metrics.observe(query);
      if (answer.status !== "value") return answer;
      const bins = answer.stable.bins.map((bin) => ({ ...bin, n: 10_000, errors: 0, weightSquared: 10_000 }));
      return { ...answer, candidate: { bins: [] }, stable: { bins } };
    },
  };
}

function revisionOf(
  { ready, identities }: Pods,
  { identity, number, present }: { identity: string; number: number; present: boolean },
): Revision {
  const own = identities.has(number) ? identities.get(number) : identity;
  const tag = identity.slice(0, identity.lastIndexOf("+"));
  return {
    number,
    ...(own === undefined ? {} : { identity: own }),
    changeCause: `atp-ingestion ${tag}`,
    image: `atp.azurecr.io/ingestion:${tag}`,
    ready: present ? ready : 0,
    desired: present ? 6 : 0,
  };
}

export const identityOf = (version: string): string => aSnapshot(version).identity;
