import * as z from "zod";
import { everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { imagesOf, imageTypes, pinOf } from "../lib/images.ts";
import { names } from "../lib/names.ts";

/** What moves under a version can't be watched, and going back to it brings back something else. */
export const pinnedImages = resourceRule({
  name: "pinned-images",
  description: "Every image is named by a tag that stays, or by its digest.",
  level: "mandatory",
  types: imageTypes,
  parameters: z.object({
    everywhere,
    /** Tags that somebody moves, whatever their case. */
    moving: names("latest"),
  }),
  *check({ parameters, ...resource }) {
    const moving = new Set(parameters.moving.map((tag) => tag.toLowerCase()));
    for (const { path, text } of imagesOf(resource, parameters)) {
      const { digest, tag } = pinOf(text);
      if (digest) continue;
      const hint = "Name the version: its tag (…:1.2.4), or its digest (…@sha256:…).";
      if (tag === undefined) yield { what: `${path} has no tag, which is the tag latest`, hint };
      else if (moving.has(tag.toLowerCase())) yield { what: `${path} has a tag that moves`, hint };
    }
  },
});
