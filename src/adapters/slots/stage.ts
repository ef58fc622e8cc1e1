import { RolloutError } from "../../errors/errors.ts";
import { assertTravels, type BuildProbe, buildSetting, readBuilds } from "./builds.ts";
import type { SlotsApi } from "./slots-api.ts";

/** What a slot has to hold to run one build. */
export interface SlotContent {
  /** Identity of the version. */
  readonly buildId: string;
  /** Stack or image, `DOCKER|registry/name:tag`; absent: it stays as it is. */
  readonly linuxFxVersion?: string;
  /** App settings of the version, that travel with it. Those of an earlier version go, others on the slot stay. */
  readonly settings: Readonly<Record<string, string>>;
}

/** App setting with the names of the settings that the version brought: what the next one has to remove. */
const ownSettings = "ROLLOUTS_BUILD_SETTINGS";

/** What to put on the idle slot. */
export interface StageOptions {
  readonly api: SlotsApi;
  readonly content: SlotContent;
  readonly probe?: BuildProbe;
  readonly signal?: AbortSignal;
}

/**
 * Puts a build on the idle slot: nothing to do where production or the slot has it already. The build id is written
 * last, with the settings, so that a slot that names a build holds all of it; a run that crashed before starts over.
 *
 * @throws RolloutError `slot-sticky-build`, `slot-sticky-settings`
 */
export async function stageBuild(options: StageOptions): Promise<{ readonly staged: boolean }> {
  const { api, content, probe, signal } = options;
  const builds = await readBuilds(api, probe, signal);
  if (builds.production === content.buildId || builds.idle === content.buildId) return { staged: false };
  await assertTravels(api, signal);
  await assertNotSticky(api, content, signal);
  // Until it is whole again the slot holds no build: a crash from here on must not leave the old name on it.
  await api.mergeSettings("idle", { [buildSetting]: "" }, signal);
  if (content.linuxFxVersion !== undefined) await api.setImage(content.linuxFxVersion, signal);
  const values = { ...(await leftovers(api, signal)), ...content.settings, ...marks(content) };
  await api.mergeSettings("idle", values, signal);
  return { staged: true };
}

function marks({ buildId, settings }: SlotContent): Record<string, string> {
  return { [ownSettings]: Object.keys(settings).sort().join(","), [buildSetting]: buildId };
}

/** What the version that was on the slot before had brought: a variable that a version drops must be gone. */
async function leftovers(api: SlotsApi, signal?: AbortSignal): Promise<Record<string, null>> {
  const present = await api.settings("idle", signal);
  const names = (present[ownSettings] ?? "").split(",").filter((name) => name !== "");
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** A version's setting that is sticky would stay on the slot while the version leaves it. */
async function assertNotSticky(api: SlotsApi, content: SlotContent, signal?: AbortSignal): Promise<void> {
  const sticky = await api.stickyNames(signal);
  const names = Object.keys(content.settings).filter((name) => sticky.includes(name));
  if (names.length === 0) return;
  throw new RolloutError(`Settings of a version are sticky on ${api.address.app}: ${names.join(", ")}.`, {
    code: "slot-sticky-settings",
    exit: "config",
    hint: "A sticky setting stays with its slot: take it off the version's settings, or off the sticky names.",
  });
}
