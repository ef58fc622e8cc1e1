import * as z from "zod";
import { everywhere } from "../lib/belongs.ts";
import { stackRule } from "../lib/define.ts";
import { names } from "../lib/names.ts";
import { quotePath } from "../lib/quote.ts";
import { elementsOf, membersOf, written } from "../lib/read.ts";
import type { Finding, StackResource } from "../lib/rule.ts";
import { type Site, settingsTypes, sitesIn, slotRelease } from "../lib/sites.ts";

/** What a swap moves and what it leaves: a build by what it is called, a side by what it may reach. */
export const slotSticky = stackRule({
  name: "slot-sticky",
  description: "Settings of a side are sticky, and what tells a build from another travels with it.",
  level: "mandatory",
  parameters: z.object({
    everywhere,
    /** Settings that tell builds apart: never sticky. `*` stands for any characters. */
    travels: names("ROLLOUTS_BUILD_ID", "RELEASE_ID"),
    /** Settings that must stay on their side, wherever they are set. `*` stands for any characters. */
    stays: names(),
  }),
  *check({ resources, parameters }) {
    const [travels, stays] = [matcher(parameters.travels), matcher(parameters.stays)];
    for (const site of sitesIn(resources, parameters)) {
      yield* stuck(site, travels);
      yield* loose(site, stays);
    }
  },
});

function* stuck({ stickyNames }: Site, travels: (name: string) => boolean): Iterable<Finding> {
  for (const resource of stickyNames) {
    for (const name of stickyOf(resource).filter(travels))
      yield {
        what: `${quotePath(name)} is sticky, so after a swap each side has the other's build by name`,
        hint: "Take it out of appSettingNames: it has to move with its build.",
        urn: resource.urn,
      };
  }
}

/** What has to stay and does not: settings that somebody set for one side, and those that a parameter names. */
function* loose(site: Site, stays: (name: string) => boolean): Iterable<Finding> {
  const sticky = new Set(site.stickyNames.flatMap(stickyOf));
  for (const resource of [...site.settings, ...site.slots, ...(site.app ? [site.app] : [])]) {
    const { sided, others } = settingsOf(resource);
    for (const name of new Set([...sided, ...others.filter(stays)])) {
      if (sticky.has(name)) continue;
      yield {
        what: `${quotePath(name)} has to stay on its side, and a swap would move it`,
        hint: "Name it in appSettingNames of WebAppSlotConfigurationNames; of BlueGreenApp, set it in sticky.",
        urn: resource.urn,
      };
    }
  }
}

function stickyOf({ props }: StackResource): readonly string[] {
  return elementsOf(written(props, "appSettingNames")).map(String);
}

/** Names of settings, never a value of one. */
function settingsOf({ type, props }: StackResource): {
  /** Those with a value for each side. */
  readonly sided: readonly string[];
  readonly others: readonly string[];
} {
  if (type === slotRelease) {
    const sticky = membersOf(props["sticky"]);
    const sided = ["production", "idle"].flatMap((side) => Object.keys(membersOf(sticky[side])));
    const others = ["production", "staged"].flatMap((side) =>
      Object.keys(membersOf(membersOf(props[side])["settings"])),
    );
    return { sided, others };
  }
  if (settingsTypes.includes(type)) return { sided: [], others: Object.keys(membersOf(props["properties"])) };
  const list = elementsOf(membersOf(written(props, "siteConfig"))["appSettings"]);
  return { sided: [], others: list.map((one) => String(membersOf(one)["name"])) };
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const escaped = patterns.map((pattern) =>
    pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*"),
  );
  const all = escaped.map((pattern) => new RegExp(`^${pattern}$`, "i"));
  return (name) => all.some((pattern) => pattern.test(name));
}
