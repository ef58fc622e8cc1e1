import type { Identity } from "../../types/approval.ts";
import { coAuthors } from "./co-authors.ts";
import { type GithubApi, githubPages } from "./github-pages.ts";
import {
  commitSchema,
  compareSchema,
  type GithubCommit,
  type GithubRun,
  pullSchema,
} from "./github-schemas.ts";
import { getJson, SourceTrouble } from "./rest.ts";

export interface GithubRelease {
  readonly run: GithubRun;
  readonly version: string;
  readonly from: string | undefined;
  /** `v{version}`. */
  readonly tag: string | undefined;
}

/**
 * Who wrote what a version brings. With tags: all between the version in service and this one, and the run must be
 * of the tag's commit. Without, or where nothing tells what is in service: the run's commit and the pull requests
 * that brought it. Openers of those pull requests count, and so do committers and co-authors.
 */
export async function githubAuthors(api: GithubApi, release: GithubRelease): Promise<readonly Identity[]> {
  const { run, version, from, tag } = release;
  const tagged = (one: string) => `tags/${tag?.replaceAll("{version}", one)}`;
  const head = tag === undefined ? run.head_sha : tagged(version);
  const commit = await oneCommit(api, head);
  if (commit.sha !== run.head_sha) {
    throw new SourceTrouble(
      `run ${run.id} is of commit ${short(run.head_sha)}, and ${head} of ${short(commit.sha)}`,
    );
  }
  const pulls = await githubPages(api.rest, {
    path: `${api.repo}/commits/${commit.sha}/pulls?per_page=100`,
    schema: pullSchema.array(),
    items: (page) => page,
    what: `the pull requests of ${short(commit.sha)}`,
  });
  const commits =
    tag === undefined || from === undefined
      ? [
          commit,
          ...(await pullCommits(
            api,
            pulls.map(({ number }) => number),
          )),
        ]
      : await between(api, (await oneCommit(api, tagged(from))).sha, commit.sha);
  const openers = pulls.flatMap(({ user }): readonly Identity[] =>
    user ? [{ source: "github", id: user.login }] : [],
  );
  return [...openers, ...commits.flatMap(peopleOf)];
}

async function oneCommit({ rest, repo }: GithubApi, ref: string): Promise<GithubCommit> {
  const path = `${repo}/commits/${ref.split("/").map(encodeURIComponent).join("/")}`;
  return (await getJson(rest, { path, schema: commitSchema, what: `commit ${ref}` })).value;
}

async function pullCommits(
  { rest, repo }: GithubApi,
  numbers: readonly number[],
): Promise<readonly GithubCommit[]> {
  const lists = await Promise.all(
    numbers.map((number) =>
      githubPages(rest, {
        path: `${repo}/pulls/${number}/commits?per_page=100`,
        schema: commitSchema.array(),
        items: (page) => page,
        what: `the commits of pull request ${number}`,
      }),
    ),
  );
  return lists.flat();
}

async function between(
  { rest, repo }: GithubApi,
  base: string,
  head: string,
): Promise<readonly GithubCommit[]> {
  const what = `the commits from ${short(base)} to ${short(head)}`;
  let total = 0;
  const commits = await githubPages(rest, {
    path: `${repo}/compare/${base}...${head}?per_page=100`,
    schema: compareSchema,
    items: (page) => {
      total = page.total_commits;
      return page.commits;
    },
    what,
  });
  // A list that stops early would let an author approve.
  if (new Set(commits.map(({ sha }) => sha)).size < total) {
    throw new SourceTrouble(`${what} can't be read whole: ${commits.length} of ${total} came`);
  }
  return commits;
}

/** Who pressed the merge button wrote nothing: merges that GitHub made and signed itself don't count. */
function peopleOf({ author, committer, commit, parents }: GithubCommit): readonly Identity[] {
  const merged =
    parents.length > 1 && committer?.login === "web-flow" && commit.verification?.verified === true;
  if (merged) return coAuthors(commit.message);
  const logins = [author?.login, committer?.login].filter(
    (login) => login !== undefined && login !== "web-flow",
  );
  const mails = [commit.author?.email, commit.committer?.email].filter(
    (mail) => mail !== "noreply@github.com",
  );
  return [
    ...logins.flatMap((id): readonly Identity[] => (id === undefined ? [] : [{ source: "github", id }])),
    ...mails.flatMap((id): readonly Identity[] => (id ? [{ source: "git", id }] : [])),
    ...coAuthors(commit.message),
  ];
}

function short(sha: string): string {
  return sha.slice(0, 12);
}
