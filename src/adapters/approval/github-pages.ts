import type * as z from "zod";
import { allPages, getJson, type RestOptions, SourceTrouble } from "./rest.ts";

/** Where and how a repository is asked. `repo`: `/repos/<owner>/<name>`. */
export interface GithubApi {
  readonly rest: RestOptions;
  readonly repo: string;
}

export interface GithubList<S extends z.ZodType, T> {
  readonly path: string;
  readonly schema: S;
  readonly items: (page: z.infer<S>) => readonly T[];
  readonly what: string;
}

/** All items of a list that GitHub pages by its `Link` header. */
export async function githubPages<S extends z.ZodType, T>(
  rest: RestOptions,
  { path, schema, items, what }: GithubList<S, T>,
): Promise<readonly T[]> {
  return await allPages(path, what, async (at) => {
    const { value, headers } = await getJson(rest, { path: at, schema, what });
    return { items: items(value), next: nextPath(headers.get("link"), rest.baseUrl, what) };
  });
}

/** The path of the next page. A page on another server is trouble: the token would go there. */
function nextPath(link: string | null, baseUrl: string, what: string): string | undefined {
  const next = /<([^>]+)>\s*;[^,]*\brel="next"/.exec(link ?? "")?.[1];
  if (next === undefined) return undefined;
  if (!next.startsWith(`${baseUrl}/`)) {
    throw new SourceTrouble(`${what} can't be read: its next page is on another server`);
  }
  return next.slice(baseUrl.length);
}
