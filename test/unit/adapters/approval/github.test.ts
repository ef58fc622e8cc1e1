import { afterEach, describe, expect, it } from "vitest";
import { createGithubApprovals } from "../../../../src/adapters/approval/github.ts";
import type { ApprovalConfig } from "../../../../src/types/approval.ts";
import { closedPort, type FakeAnswer, json } from "../../../support/http-fake.ts";
import {
  aReview,
  commit,
  type FakeRepository,
  githubToken,
  headSha,
  startFakeGithub,
  user,
} from "../../../support/http-fake-github.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

type GithubConfig = Extract<ApprovalConfig, { kind: "github" }>;

let server: Awaited<ReturnType<typeof startFakeGithub>> | undefined;
afterEach(() => server?.close());

async function github(
  change: (repository: FakeRepository) => void = () => {},
  overrides: Partial<GithubConfig> = {},
) {
  server = await startFakeGithub();
  change(server.repository);
  const { runtime, wall } = createMemoryRuntime();
  const config: GithubConfig = {
    kind: "github",
    repository: "atp/ingestion",
    environment: "prod",
    runId: "42",
    token: githubToken,
    tag: "v{version}",
    apiUrl: server.url,
    ...overrides,
  };
  const approvals = createGithubApprovals({ config, runtime });
  const query = { planHash: "4".repeat(64), version: "1.2.4", from: "1.2.3" };
  return { approvals, config, server, wall, query, list: () => approvals.list(query) };
}

const authorsOf = (answer: Awaited<ReturnType<Awaited<ReturnType<typeof github>>["list"]>>) => {
  if (answer.status === "error") throw new Error(answer.message);
  return (answer.authors ?? []).map(({ source, id }) => `${source}:${id}`);
};

describe("reviews", () => {
  it("carry who, what, and the run's creation as their lower bound in time", async () => {
    const { list, server } = await github(({ reviews }) => void reviews.push(aReview("Dana-M", "approve …")));
    expect(await list()).toMatchObject({
      status: "value",
      approvals: [
        {
          kind: "review",
          by: { source: "github", id: "Dana-M" },
          person: true,
          decision: "approved",
          at: "2026-01-15T09:00:00Z",
          comment: "approve …",
          where: "https://github.com/atp/ingestion/actions/runs/42",
        },
      ],
    });
    const [request] = server.requests;
    expect(request?.headers).toMatchObject({
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    });
  });

  it.each([
    ["of another environment", aReview("dana", "x", { environments: [{ id: 2, name: "staging" }] }), 0],
    [
      "of this environment among others",
      aReview("dana", "x", {
        environments: [
          { id: 2, name: "staging" },
          { id: 1, name: "Prod" },
        ],
      }),
      1,
    ],
    ["that only comment", aReview("dana", "x", { state: "pending" }), 0],
    ["that reject", aReview("dana", "x", { state: "rejected" }), 1],
  ])("%s: %s", async (_, review, count) => {
    const { list } = await github(({ reviews }) => void reviews.push(review));
    expect(await list()).toMatchObject({ approvals: Array(count).fill({}) });
  });

  it("of a bot are marked", async () => {
    const { list } = await github(
      ({ reviews }) => void reviews.push({ ...aReview("x", "x"), user: user("ci[bot]", "Bot") }),
    );
    expect(await list()).toMatchObject({ approvals: [{ person: false }] });
  });

  it("are read to the last page", async () => {
    const { list } = await github((repository) => {
      repository.pageSize = 2;
      for (const login of ["a", "b", "c", "d", "e"]) repository.reviews.push(aReview(login, "x"));
    });
    expect(await list()).toMatchObject({ approvals: Array(5).fill({}) });
  });
});

describe("requesters", () => {
  it("are who started the run, and who started it again", async () => {
    const { list } = await github(({ run }) => {
      run["triggering_actor"] = user("sam");
    });
    const requesters = ["Rick", "sam"].map((id) => ({ source: "github", id }));
    expect(await list()).toMatchObject({ requesters });
  });
});

describe("authors", () => {
  it("are all between the two tags: logins, addresses, committers, co-authors, over pages", async () => {
    const { list, server } = await github((repository) => {
      repository.pageSize = 1;
      const coAuthored = commit("bob", "1".repeat(40));
      repository.range = [
        {
          ...coAuthored,
          commit: { ...coAuthored.commit, message: "x\n\nCo-authored-by: Cy <cy@atp.example>\n" },
        },
        { ...commit("gone", "2".repeat(40)), author: null },
        { ...commit("bob", "3".repeat(40)), committer: { login: "kim" } },
      ];
    });
    expect(new Set(authorsOf(await list()))).toEqual(
      new Set([
        "github:alice", // opened the pull request
        "github:bob",
        "git:bob@atp.example",
        "git:cy@atp.example",
        "git:gone@atp.example",
        "github:kim",
      ]),
    );
    const compared = server.requests.filter(({ url }) => url.pathname.includes("/compare/"));
    expect(compared.map(({ url }) => url.searchParams.get("page"))).toEqual([null, "2", "3"]);
    expect(compared[0]?.url.pathname).toMatch(new RegExp(`/compare/${"b".repeat(40)}\\.\\.\\.${headSha}$`));
  });

  const merge = { parents: [{ sha: "1" }, { sha: "2" }] };
  it.each([
    ["a merge that GitHub made and signed", commit("dana", "1".repeat(40), merge), false],
    [
      "a merge made by hand",
      commit("dana", "1".repeat(40), { ...merge, committer: { login: "dana" } }),
      true,
    ],
    [
      "a merge in GitHub's name without its signature",
      (() => {
        const one = commit("dana", "1".repeat(40), merge);
        return { ...one, commit: { ...one.commit, verification: { verified: false } } };
      })(),
      true,
    ],
  ])("%s: counts as an author? $2", async (_, one, counts) => {
    const { list } = await github((repository) => {
      repository.range = [one];
    });
    expect(authorsOf(await list()).includes("github:dana")).toBe(counts);
  });

  it.each([
    ["without tags", false, "1.2.3"],
    ["where nothing tells what is in service", true, undefined],
  ])("are those of the commit and its pull requests: %s", async (_, tagged, from) => {
    const { config, query } = await github((repository) => {
      repository.pullCommits = [commit("bob", "1".repeat(40))];
      repository.range = [commit("zoe", "2".repeat(40))];
    });
    const { tag: _tag, ...bare } = config;
    const { runtime } = createMemoryRuntime();
    const approvals = createGithubApprovals({ config: tagged ? config : bare, runtime });
    const { from: _from, ...rest } = query;
    const answer = await approvals.list({ ...rest, ...(from === undefined ? {} : { from }) });
    expect(new Set(authorsOf(answer))).toEqual(
      new Set(["github:alice", "git:alice@atp.example", "github:bob", "git:bob@atp.example"]),
    );
  });
});

describe("errors, never an empty list", () => {
  const on = (path: RegExp, answer: FakeAnswer) => (repository: FakeRepository) => {
    repository.intercept = ({ url }) => (path.test(url.pathname) ? answer : undefined);
  };
  const reviews = /\/approvals$/;
  it.each<[string, (repository: FakeRepository) => void, RegExp]>([
    [
      "a token that is refused",
      on(/./, json({ message: githubToken }, 401)),
      /token was refused \(HTTP 401\)/,
    ],
    ["a token without the right", on(reviews, json({}, 403)), /may not read it \(HTTP 403\)/],
    ["a private repository", on(reviews, json({ message: "Not Found" }, 404)), /may not see it \(HTTP 404\)/],
    ["the rate limit", on(reviews, { status: 403, headers: { "x-ratelimit-remaining": "0" } }), /rate limit/],
    ["the second rate limit", on(reviews, { status: 429 }), /rate limit/],
    [
      "a repository that was renamed",
      on(/./, { status: 301, headers: { location: "/x" } }),
      /sends elsewhere \(HTTP 301\)/,
    ],
    ["an error of the server", on(reviews, json({}, 502)), /HTTP 502/],
    ["no JSON", on(reviews, { status: 200, body: "<html>" }), /not as documented/],
    ["another shape", on(reviews, json({ value: [] })), /not as documented/],
    [
      "a review without its user",
      on(reviews, json([{ environments: [], state: "approved", comment: "" }])),
      /0\.user/,
    ],
    ["a dropped connection", on(reviews, "cut"), /the reviews of run 42 of atp\/ingestion can't be read/],
    [
      "a tag that isn't there",
      ({ commits }) => void delete commits["tags/v1.2.4"],
      /commit tags\/v1\.2\.4 can't be read/,
    ],
    [
      "a run of another commit than the tag's",
      ({ commits }) => void Object.assign(commits, { "tags/v1.2.4": commit("bob", "f".repeat(40)) }),
      /run 42 is of commit aaaaaaaaaaaa, and tags\/v1\.2\.4 of ffffffffffff/,
    ],
    [
      "the version in service without a tag",
      ({ commits }) => void delete commits["tags/v1.2.3"],
      /commit tags\/v1\.2\.3/,
    ],
    [
      "a comparison that stops early",
      on(/\/compare\//, json({ total_commits: 3, commits: [] })),
      /0 of 3 came/,
    ],
  ])("%s", async (_, change, message) => {
    const { list } = await github(change);
    const answer = await list();
    expect(answer).toMatchObject({ status: "error", message: expect.stringMatching(message) });
    expect(JSON.stringify(answer)).not.toContain(githubToken);
  });

  it("a next page on another server: the token stays here", async () => {
    const elsewhere = await startFakeGithub();
    const { list } = await github(
      on(reviews, { status: 200, body: "[]", headers: { link: `<${elsewhere.url}/x>; rel="next"` } }),
    );
    expect(await list()).toMatchObject({ status: "error", message: expect.stringMatching(/another server/) });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it("pages without end", async () => {
    const { list, server } = await github((repository) => {
      repository.intercept = ({ url }) =>
        reviews.test(url.pathname)
          ? { status: 200, body: "[]", headers: { link: `<${server.url}${url.pathname}>; rel="next"` } }
          : undefined;
    });
    expect(await list()).toMatchObject({
      status: "error",
      message: expect.stringMatching(/more than 100 pages/),
    });
  });

  it("a server that never answers, after 10 s", async () => {
    const { list, wall, server } = await github(on(/./, "hang"));
    const answer = list();
    await until(() => server.requests.length === 1);
    await wall.advance(10_000);
    expect(await answer).toMatchObject({ status: "error", message: expect.stringMatching(/within 10 s/) });
  });

  it("nothing that listens", async () => {
    const apiUrl = `http://127.0.0.1:${closedPort}`;
    const { list } = await github(() => {}, { apiUrl });
    expect(await list()).toMatchObject({ status: "error", message: expect.stringMatching(/ECONNREFUSED/) });
  });
});

it.each(["http://github.example", "ftp://x", "github"])(
  "refuses %s: the token would travel in the clear",
  (apiUrl) => {
    const { runtime } = createMemoryRuntime();
    const config: GithubConfig = {
      kind: "github",
      repository: "a/b",
      environment: "prod",
      runId: "1",
      token: githubToken,
      apiUrl,
    };
    expect(() => createGithubApprovals({ config, runtime })).toThrow(
      expect.objectContaining({ code: "config-invalid", path: "rollout.approvals.sources.apiUrl" }),
    );
  },
);
