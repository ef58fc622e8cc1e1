import type { Identity } from "../../types/approval.ts";

/** People that a commit's message names as co-authors, by the trailer that git hosts understand. */
export function coAuthors(message: string): readonly Identity[] {
  return [...message.matchAll(/^co-authored-by:.*<([^<>\s]+)>\s*$/gim)].flatMap(([, mail]) =>
    mail === undefined ? [] : [{ source: "git" as const, id: mail }],
  );
}
