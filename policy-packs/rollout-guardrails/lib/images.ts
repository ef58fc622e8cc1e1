import { belongs } from "./belongs.ts";
import { containersOf, memberAt, podTypes } from "./kubernetes.ts";
import type { Members } from "./read.ts";
import { slotRelease, webApp, webAppSlot } from "./sites.ts";

/** An image as a resource names it, and where. */
export interface Image {
  readonly path: string;
  readonly text: unknown;
}

/** Types that name images. */
export const imageTypes: readonly string[] = [...podTypes, webApp, webAppSlot, slotRelease];

/** The images of a resource, of pods and of App Service; none where it isn't a rollout's. */
export function imagesOf(
  resource: { readonly type: string; readonly urn: string; readonly props: Members },
  scope: { readonly everywhere: boolean },
): readonly Image[] {
  if (podTypes.includes(resource.type))
    return containersOf(resource, scope).map(({ path, members }) => ({
      path: `${path}.image`,
      text: members["image"],
    }));
  if (!belongs(resource, scope)) return [];
  const places =
    resource.type === slotRelease
      ? [
          ["production", "linuxFxVersion"],
          ["staged", "linuxFxVersion"],
        ]
      : [["siteConfig", "linuxFxVersion"]];
  return places.flatMap((place) => {
    const text = memberAt(resource.props, ...place);
    // An app without a container says its stack there: NODE|24-lts.
    if (typeof text !== "string" || !/^docker\|/i.test(text)) return [];
    return [{ path: place.join("."), text: text.slice(text.indexOf("|") + 1) }];
  });
}

/** What pins an image: its digest, its tag, or nothing. Nothing of it may be quoted. */
export function pinOf(text: unknown): { readonly digest: boolean; readonly tag?: string } {
  if (typeof text !== "string") return { digest: false };
  const [name = "", digest] = text.split("@");
  // A colon before the last slash is a registry's port.
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  const tag = colon === -1 ? "" : name.slice(colon + 1);
  return {
    digest: digest !== undefined && /^[a-z0-9+._-]+:[0-9a-f]{32,}$/i.test(digest),
    ...(tag === "" ? {} : { tag }),
  };
}
