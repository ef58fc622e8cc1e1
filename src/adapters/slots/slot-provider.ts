import type { Runtime } from "../../lib/runtime.ts";
import { stableJson } from "../../lib/stable-json.ts";
import { wallClock } from "../../lib/wall-clock.ts";
import { openArmSlots } from "./arm-client.ts";
import { createBuildProbe, readBuilds } from "./builds.ts";
import { openCredential } from "./credential.ts";
import { releaseInputs, type SlotReleaseInputs } from "./slot-release-inputs.ts";
import type { SlotsApi } from "./slots-api.ts";
import { stageBuild } from "./stage.ts";
import { ensureProduction } from "./swap.ts";

/** What the engine keeps of a `SlotRelease`: its inputs, and what was found to be so. */
export type SlotReleaseState = SlotReleaseInputs & {
  /** The build that production serves; empty where it names none. */
  readonly productionBuild: string;
};

/** What comes from the engine: checked before use. */
type Props = Readonly<Record<string, unknown>>;

/** Brings the slots to what the inputs say. @throws RolloutError as `stageBuild` and `ensureProduction` */
export async function create(props: Props): Promise<{ id: string; outs: SlotReleaseState }> {
  const inputs = releaseInputs(props);
  const outs = await apply(inputs, {});
  const { resourceGroup, app, slot } = inputs;
  return { id: `${resourceGroup}/${app}/${slot}`, outs };
}

/** As `create`. The build before may still be in production, or the new one already: the build ids tell. */
export async function update(_id: string, olds: Props, news: Props): Promise<{ outs: SlotReleaseState }> {
  return { outs: await apply(releaseInputs(news), beforeOf(olds)) };
}

/** What production serves now: a refresh shows a swap that somebody else made. */
export async function read(id: string, props: Props): Promise<{ id: string; props: Props; inputs: Props }> {
  const inputs = releaseInputs(props);
  const { api, probe } = await open(inputs);
  const { production } = await readBuilds(api, probe);
  const { productionBuild: _was, ...written } = props;
  return { id, props: { ...written, productionBuild: production ?? "" }, inputs: written };
}

/** Changes by build ids alone: the same id is the same content. Another app or slot is another resource. */
export async function diff(
  _id: string,
  olds: Props,
  news: Props,
): Promise<{ changes: boolean; replaces: string[] }> {
  const { production, staged, sticky, ...place } = releaseInputs(news);
  const old = releaseInputs(olds);
  const replaces = (["subscriptionId", "resourceGroup", "app", "slot"] as const).filter(
    (key) => old[key] !== place[key],
  );
  const changes =
    replaces.length > 0 ||
    olds["productionBuild"] !== production.buildId ||
    old.production.buildId !== production.buildId ||
    old.staged?.buildId !== staged?.buildId ||
    stableJson(old.sticky) !== stableJson(sticky);
  return { changes, replaces: [...replaces] };
}

/** What the last update left: only that may be swapped away. */
interface Before {
  readonly production?: string;
  readonly staged?: string;
}

async function apply(inputs: SlotReleaseInputs, was: Before): Promise<SlotReleaseState> {
  const { api, probe, runtime } = await open(inputs);
  const { production, staged, sticky } = inputs;
  const limits = rehearsedLimits() ?? inputs.limits;
  await writeSticky(api, sticky);
  const found = await readBuilds(api, probe);
  // A first install: nothing serves yet, so there is nobody to protect and the slot may go live at once.
  if (found.production === undefined) await stageBuild({ api, content: production, ...withProbe(probe) });
  await ensureProduction({
    api,
    runtime,
    buildId: production.buildId,
    ...(was.production === undefined ? {} : { from: was.production }),
    // Production serves the candidate and shall not: a revert.
    ...(found.production !== undefined && found.production === (staged?.buildId ?? was.staged)
      ? { direction: "back" as const }
      : {}),
    ...(limits ? { limits } : {}),
    ...withProbe(probe),
  });
  if (staged !== undefined) await stageBuild({ api, content: staged, ...withProbe(probe) });
  return { ...inputs, productionBuild: production.buildId };
}

/** Writes sticky settings where they differ: each write restarts its side. */
async function writeSticky(api: SlotsApi, sticky: SlotReleaseInputs["sticky"]): Promise<void> {
  for (const side of ["idle", "production"] as const) {
    const wanted = sticky?.[side] ?? {};
    if (Object.keys(wanted).length === 0) continue;
    const present = await api.settings(side);
    const differs = Object.entries(wanted).some(([name, value]) => present[name] !== value);
    if (differs) await api.mergeSettings(side, wanted);
  }
}

/** How a rehearsal's swaps are watched: its ARM answers at once. */
function rehearsedLimits(): SlotReleaseInputs["limits"] {
  const text = process.env["PULUMI_ROLLOUTS_SWAP_LIMITS"];
  return text === undefined ? undefined : JSON.parse(text);
}

async function open(inputs: SlotReleaseInputs) {
  const { subscriptionId, resourceGroup, app, slot, buildPath } = inputs;
  // A rehearsal's own ARM: whatever the program says, nothing of it may reach the real one.
  const endpoint = process.env["PULUMI_ROLLOUTS_ARM_ENDPOINT"] ?? inputs.endpoint;
  const api = await openArmSlots({
    address: { subscriptionId, resourceGroup, app, slot },
    credential: await openCredential(),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const runtime = processRuntime();
  const probe = buildPath === undefined ? undefined : createBuildProbe(runtime, buildPath);
  return { api, runtime, probe };
}

function beforeOf(olds: Props): Before {
  const production = olds["productionBuild"];
  const staged: unknown = Object(olds["staged"]).buildId;
  return {
    ...(typeof production === "string" && production !== "" ? { production } : {}),
    ...(typeof staged === "string" ? { staged } : {}),
  };
}

function withProbe<T>(probe: T | undefined): { probe?: T } {
  return probe === undefined ? {} : { probe };
}

/** The engine runs this module in a process of its own, where nothing is injected: this is its composition root. */
function processRuntime(): Runtime {
  const logger = { info: console.error, warn: console.error, debug: () => {} };
  return {
    clock: wallClock,
    wall: wallClock,
    random: Math.random,
    fetch: globalThis.fetch,
    logger,
    signal: new AbortController().signal,
  };
}
