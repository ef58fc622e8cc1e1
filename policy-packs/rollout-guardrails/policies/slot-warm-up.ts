import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { type Members, membersOf, wordsOf } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";
import { slotRelease, slotSettings, webApp, webAppSlot } from "../lib/sites.ts";

const pathSetting = "WEBSITE_SWAP_WARMUP_PING_PATH";
const statusSetting = "WEBSITE_SWAP_WARMUP_PING_STATUSES";

/** Settings of a slot, and where they stand. */
interface Settings {
  readonly at: string;
  /** Undefined: it isn't set. */
  of(setting: string): unknown;
}

/** A swap sends users to a slot that has answered as a healthy one does, and nowhere else. */
export const slotWarmUp = resourceRule({
  name: "slot-warm-up",
  description:
    "A slot is warmed up by a path of its own and by statuses that prove health before it is swapped.",
  level: "mandatory",
  types: [webApp, webAppSlot, slotSettings, slotRelease],
  parameters: z.object({
    everywhere,
    /** Statuses from this one on never count as warm. */
    failingFrom: z.number().int().min(100).default(500),
  }),
  *check(seen) {
    if (!belongs(seen, seen.parameters)) return;
    if (seen.type === webApp || seen.type === webAppSlot) yield* healthCheck(seen.props);
    for (const settings of settingsIn(seen.type, seen.props)) {
      yield* warmUpPath(settings);
      yield* warmUpStatuses(settings, seen.parameters);
    }
  },
});

/** A slot without settings of its own has them of a `SlotRelease`, or of another resource: those are judged there. */
function settingsIn(type: string, props: Members): readonly Settings[] {
  if (type === slotSettings) return [named("properties", membersOf(props["properties"]))];
  if (type === slotRelease)
    return (["production", "staged"] as const).flatMap((side) =>
      props[side] === undefined
        ? []
        : [named(`${side}.settings`, membersOf(membersOf(props[side])["settings"]))],
    );
  const list = membersOf(props["siteConfig"])["appSettings"];
  return type === webAppSlot && Array.isArray(list) ? [listed("siteConfig.appSettings", list)] : [];
}

function named(at: string, members: Members): Settings {
  return { at, of: (setting) => members[setting] };
}

function listed(at: string, list: readonly unknown[]): Settings {
  return {
    at,
    of: (setting) => membersOf(list.find((one) => membersOf(one)["name"] === setting))["value"],
  };
}

function* healthCheck(props: Members): Iterable<Finding> {
  const path = membersOf(props["siteConfig"])["healthCheckPath"];
  if (typeof path === "string" && path.startsWith("/")) return;
  yield {
    what: `siteConfig.healthCheckPath is ${path === undefined ? "not set" : "no path"}, so nobody sees an instance that fails`,
    hint: 'Write healthCheckPath: "/health/live"; of BlueGreenApp healthPath.',
  };
}

function* warmUpPath({ at, of }: Settings): Iterable<Finding> {
  const path = of(pathSetting);
  const hint = `Write ${pathSetting}: "/health/ready"; of BlueGreenApp warmUp: { path: "/health/ready" }.`;
  if (path === undefined) yield { what: `${at} has no ${pathSetting}, so a swap asks / alone`, hint };
  else if (path === "/") yield { what: `${at}.${pathSetting} is /, which proves nothing of the app`, hint };
  else if (typeof path !== "string" || !path.startsWith("/"))
    yield { what: `${at}.${pathSetting} is no path: it does not begin with /`, hint };
}

function* warmUpStatuses(
  { at, of }: Settings,
  { failingFrom }: { readonly failingFrom: number },
): Iterable<Finding> {
  const written = of(statusSetting);
  const hint = `Write ${statusSetting}: "200,202"; of BlueGreenApp warmUp: { statuses: [200, 202] }.`;
  if (written === undefined) {
    yield { what: `${at} has no ${statusSetting}, so any answer counts as warm, a 500 too`, hint };
    return;
  }
  const words = wordsOf(written);
  if (words.length === 0 || words.some((word) => !/^[1-5]\d\d$/.test(word))) {
    yield { what: `${at}.${statusSetting} is no list of HTTP statuses`, hint };
    return;
  }
  const statuses = words.map(Number);
  const failing = statuses.filter((status) => status >= failingFrom);
  if (failing.length > 0)
    yield { what: `${at}.${statusSetting} takes ${failing.join(", ")} for warm, which is a failure`, hint };
  if (!statuses.some((status) => status >= 200 && status < 300))
    yield {
      what: `${at}.${statusSetting} takes ${statuses.join(", ")} for warm, and none of 200 to 299`,
      hint,
    };
}
