import { type FakeAnswer, json, type SeenRequest, startHttpFake } from "./http-fake.ts";

interface FakeUser {
  readonly login: string;
  readonly type: string;
}

/** An entry of a run's review history. */
export interface FakeReview {
  readonly environments: readonly { readonly id: number; readonly name: string }[];
  readonly state: "approved" | "rejected" | "pending";
  readonly user: FakeUser;
  readonly comment: string;
}

/** What a repository holds; tests change it. */
export interface FakeRepository {
  run: Record<string, unknown>;
  reviews: FakeReview[];
  /** Commits by sha and by `tags/<name>`. */
  commits: Record<string, FakeCommit>;
  /** Commits between base and head, oldest first. */
  range: FakeCommit[];
  pulls: { readonly number: number; readonly user: FakeUser }[];
  pullCommits: FakeCommit[];
  pageSize: number;
  /** Answers in place of the server where it isn't undefined. */
  intercept: (request: SeenRequest) => FakeAnswer | undefined;
}

export interface FakeCommit {
  readonly sha: string;
  readonly author: { readonly login: string } | null;
  readonly committer: { readonly login: string } | null;
  readonly parents: readonly { readonly sha: string }[];
  readonly commit: {
    readonly author: { readonly name: string; readonly email: string };
    readonly committer: { readonly name: string; readonly email: string };
    readonly message: string;
    readonly verification: { readonly verified: boolean };
  };
}

export const githubToken = "ghp_s3cr3tT0ken";
export const headSha = "a".repeat(40);

export function user(login: string, type = "User"): FakeUser {
  return { login, type };
}

export function commit(login: string, sha: string, overrides: Partial<FakeCommit> = {}): FakeCommit {
  const signature = { name: login, email: `${login}@atp.example` };
  return {
    sha,
    author: { login },
    committer: { login: "web-flow" },
    parents: [{ sha: "0".repeat(40) }],
    commit: {
      author: signature,
      committer: { name: "GitHub", email: "noreply@github.com" },
      message: "A change\n",
      verification: { verified: true },
    },
    ...overrides,
  };
}

export function aReview(login: string, comment: string, overrides: Partial<FakeReview> = {}): FakeReview {
  return {
    environments: [{ id: 1, name: "prod" }],
    state: "approved",
    user: user(login),
    comment,
    ...overrides,
  };
}

/** GitHub's REST API for one repository `atp/ingestion`, run 42 of `head`; pages by `Link` headers as documented. */
export async function startFakeGithub() {
  const head = commit("alice", headSha);
  const repository: FakeRepository = {
    run: {
      id: 42,
      head_sha: headSha,
      created_at: "2026-01-15T09:00:00Z",
      html_url: "https://github.com/atp/ingestion/actions/runs/42",
      actor: user("Rick"),
      triggering_actor: user("Rick"),
    },
    reviews: [],
    commits: { [headSha]: head, "tags/v1.2.4": head, "tags/v1.2.3": commit("zoe", "b".repeat(40)) },
    range: [head],
    pulls: [{ number: 7, user: user("alice") }],
    pullCommits: [head],
    pageSize: 100,
    intercept: () => undefined,
  };
  const server = await startHttpFake((request) => {
    const own = repository.intercept(request);
    if (own !== undefined) return own;
    if (request.headers.authorization !== `Bearer ${githubToken}`)
      return json({ message: "Bad credentials" }, 401);
    return route(repository, request, server.url);
  });
  return { repository, ...server };
}

function route(repository: FakeRepository, { url }: SeenRequest, base: string): FakeAnswer {
  const path = url.pathname.replace("/repos/atp/ingestion", "");
  const paged = <T>(
    items: readonly T[],
    wrap: (page: readonly T[]) => unknown = (page) => page,
  ): FakeAnswer => {
    const page = Number(url.searchParams.get("page") ?? "1");
    const { pageSize } = repository;
    const rest = items.length > page * pageSize;
    const next = new URL(`${base}${url.pathname}${url.search}`);
    next.searchParams.set("page", String(page + 1));
    const link: Record<string, string> = rest ? { link: `<${next}>; rel="next", <${next}>; rel="last"` } : {};
    const slice = items.slice((page - 1) * pageSize, page * pageSize);
    return { status: 200, body: JSON.stringify(wrap(slice)), headers: link };
  };
  if (path === "/actions/runs/42") return json(repository.run);
  if (path === "/actions/runs/42/approvals") return paged(repository.reviews);
  if (/^\/commits\/[0-9a-f]+\/pulls$/.test(path)) return paged(repository.pulls);
  if (path === "/pulls/7/commits") return paged(repository.pullCommits);
  if (path.startsWith("/compare/")) {
    return paged(repository.range, (commits) => ({
      status: "ahead",
      total_commits: repository.range.length,
      commits,
    }));
  }
  const found = path.startsWith("/commits/") ? repository.commits[path.slice("/commits/".length)] : undefined;
  return found === undefined ? json({ message: "Not Found" }, 404) : json(found);
}
