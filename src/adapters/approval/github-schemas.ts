import * as z from "zod";

const userSchema = z.object({ login: z.string().min(1), type: z.string() });
export type GithubUser = z.infer<typeof userSchema>;

/** `GET /repos/{owner}/{repo}/actions/runs/{run_id}`. */
export const runSchema = z.object({
  id: z.number(),
  head_sha: z.string().min(1),
  created_at: z.iso.datetime({ offset: true }),
  html_url: z.string(),
  actor: userSchema.nullish(),
  triggering_actor: userSchema.nullish(),
});
export type GithubRun = z.infer<typeof runSchema>;

/** An entry of `GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals`. */
export const reviewSchema = z.object({
  environments: z.array(z.object({ name: z.string() })),
  state: z.enum(["approved", "rejected", "pending"]),
  user: userSchema,
  comment: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
});

const signatureSchema = z.object({ email: z.string().nullish() }).nullish();

/** A commit, as `commits`, `compare` and `pulls/{number}/commits` show it. `author` is null without an account. */
export const commitSchema = z.object({
  sha: z.string().min(1),
  author: z.object({ login: z.string().optional() }).nullish(),
  committer: z.object({ login: z.string().optional() }).nullish(),
  parents: z.array(z.unknown()),
  commit: z.object({
    author: signatureSchema,
    committer: signatureSchema,
    message: z.string(),
    verification: z.object({ verified: z.boolean() }).nullish(),
  }),
});
export type GithubCommit = z.infer<typeof commitSchema>;

/** `GET /repos/{owner}/{repo}/compare/{base}...{head}`: commits in pages, their number in each. */
export const compareSchema = z.object({ total_commits: z.number(), commits: z.array(commitSchema) });

/** An entry of `GET /repos/{owner}/{repo}/commits/{sha}/pulls`. */
export const pullSchema = z.object({ number: z.number(), user: userSchema.nullish() });
