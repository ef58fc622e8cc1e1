import type { Runtime } from "../../lib/runtime.ts";
import type { Approvals } from "../../ports/approval.ts";
import type { Approval, ApprovalConfig, Identity } from "../../types/approval.ts";
import { githubAuthors } from "./github-authors.ts";
import { type GithubApi, githubPages } from "./github-pages.ts";
import { type GithubUser, reviewSchema, runSchema } from "./github-schemas.ts";
import { answerOf, getJson, safeBaseUrl } from "./rest.ts";

export interface GithubApprovalsOptions {
  readonly config: Extract<ApprovalConfig, { kind: "github" }>;
  readonly runtime: Runtime;
}

/**
 * Reviews of a deployment environment, from the review history of a workflow run, with the authors of what is
 * released and who started the run. GitHub keeps no time for a review: the run's creation is its lower bound, so
 * approvals expire a term after that. A run's id is only where to look: the comment binds a review to its plan.
 * Throws `config-invalid` for an API URL that would carry the token in the clear.
 */
export function createGithubApprovals({ config, runtime }: GithubApprovalsOptions): Approvals {
  const baseUrl = safeBaseUrl(config.apiUrl ?? "https://api.github.com", "rollout.approvals.sources.apiUrl");
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${config.token}`,
    "x-github-api-version": "2022-11-28",
  };
  const repo = `/repos/${config.repository.split("/").map(encodeURIComponent).join("/")}`;
  return {
    name: "github",
    list: ({ version, from, signal }) =>
      answerOf(async () => {
        const api: GithubApi = { rest: { runtime, baseUrl, headers, signal }, repo };
        const runPath = `${repo}/actions/runs/${encodeURIComponent(config.runId)}`;
        const what = `run ${config.runId} of ${config.repository}`;
        const { value: run } = await getJson(api.rest, { path: runPath, schema: runSchema, what });
        const reviews = await githubPages(api.rest, {
          path: `${runPath}/approvals`,
          schema: reviewSchema.array(),
          items: (page) => page,
          what: `the reviews of ${what}`,
        });
        const requesters = [run.actor, run.triggering_actor].flatMap(identities);
        const authors = await githubAuthors(api, { run, version, from, tag: config.tag });
        const ours = reviews.filter(({ environments }) =>
          environments.some(({ name }) => name.toLowerCase() === config.environment.toLowerCase()),
        );
        const approvals = ours.flatMap(({ state, user, comment }): readonly Approval[] =>
          state === "pending"
            ? []
            : [
                {
                  kind: "review",
                  by: { source: "github", id: user.login },
                  person: user.type === "User",
                  decision: state,
                  at: run.created_at,
                  comment,
                  where: run.html_url,
                },
              ],
        );
        return { status: "value", approvals, authors, requesters };
      }),
  };
}

function identities(user: GithubUser | null | undefined): readonly Identity[] {
  return user ? [{ source: "github", id: user.login }] : [];
}
