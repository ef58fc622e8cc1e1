import * as z from "zod";
import { everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { imagesOf, imageTypes, pinOf } from "../lib/images.ts";
import { presetsAsked } from "../lib/production.ts";

/** A tag can be pushed again; a digest can't. */
export const digestImages = resourceRule({
  name: "digest-images",
  description: "In production an image is named by its digest.",
  level: "advisory",
  types: imageTypes,
  parameters: z.object({
    everywhere,
    /** Presets of the stacks that are asked. */
    presets: presetsAsked,
  }),
  *check({ parameters, stack, ...resource }) {
    const loose = imagesOf(resource, parameters).filter(({ text }) => !pinOf(text).digest);
    if (loose.length === 0) return;
    const found = stack.policy();
    if (found.ok && !parameters.presets.includes(found.policy.preset)) return;
    for (const { path } of loose)
      yield {
        what: `${path} is named by no digest, and a tag can be pushed again`,
        hint: "Write <image>@sha256:…, which the registry says at every push.",
      };
  },
});
