import * as z from "zod";
import type { Runtime } from "../../lib/runtime.ts";
import type { Approvals } from "../../ports/approval.ts";
import type { Approval, ApprovalConfig, Identity } from "../../types/approval.ts";
import { coAuthors } from "./co-authors.ts";
import { allPages, answerOf, getJson, type RestOptions, SourceTrouble, safeBaseUrl } from "./rest.ts";

export interface AzureDevOpsApprovalsOptions {
  readonly config: Extract<ApprovalConfig, { kind: "azure-devops" }>;
  readonly runtime: Runtime;
}

const identitySchema = z.object({
  displayName: z.string().nullish(),
  uniqueName: z.string().nullish(),
  descriptor: z.string().nullish(),
  isContainer: z.boolean().nullish(),
});
type AzureIdentity = z.infer<typeof identitySchema>;

const buildSchema = z.object({
  id: z.number(),
  requestedBy: identitySchema.nullish(),
  requestedFor: identitySchema.nullish(),
});

const timelineSchema = z.object({
  records: z.array(z.object({ id: z.string(), type: z.string().nullish() })),
});

const stepSchema = z.object({
  actualApprover: identitySchema.nullish(),
  status: z.string(),
  comment: z.string().nullish(),
  lastModifiedOn: z.iso.datetime({ offset: true }).nullish(),
});

const approvalsSchema = z.object({
  value: z.array(z.object({ id: z.string(), status: z.string(), steps: z.array(stepSchema) })),
});

const changesSchema = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      message: z.string().nullish(),
      author: identitySchema.nullish(),
      pusher: z.string().nullish(),
    }),
  ),
});

interface Place {
  readonly rest: RestOptions;
  /** `/<project>/_apis`. */
  readonly api: string;
  readonly buildId: string;
}

/**
 * Approvals of a run's environment checks: the build's timeline tells which (`Checkpoint.Approval`), the approvals
 * API who said what, step by step. Authors are those of the build's changes, the requester is who queued it.
 * Throws `config-invalid` for a URL that would carry the token in the clear.
 */
export function createAzureDevOpsApprovals({ config, runtime }: AzureDevOpsApprovalsOptions): Approvals {
  const baseUrl = safeBaseUrl(config.organizationUrl, "rollout.approvals.sources.organizationUrl");
  const basic = Buffer.from(`:${config.token}`, "utf8").toString("base64");
  const headers = { accept: "application/json", authorization: `Basic ${basic}` };
  const api = `/${encodeURIComponent(config.project)}/_apis`;
  return {
    name: "azure-devops",
    list: ({ signal }) =>
      answerOf(async () => {
        const at: Place = { rest: { runtime, baseUrl, headers, signal }, api, buildId: config.buildId };
        const path = `${buildPath(at)}?api-version=7.1`;
        const { value: build } = await getJson(at.rest, {
          path,
          schema: buildSchema,
          what: `build ${at.buildId}`,
        });
        const where = `${baseUrl}/${encodeURIComponent(config.project)}/_build/results?buildId=${build.id}`;
        const approvals = await approvalsOf(at, where);
        const requesters = [build.requestedBy, build.requestedFor].flatMap(identities);
        return { status: "value", approvals, requesters, authors: await authorsOf(at) };
      }),
  };
}

function buildPath({ api, buildId }: Place): string {
  return `${api}/build/builds/${encodeURIComponent(buildId)}`;
}

async function approvalsOf(at: Place, where: string): Promise<readonly Approval[]> {
  const what = `the approvals of build ${at.buildId}`;
  const timeline = `${buildPath(at)}/timeline?api-version=7.1`;
  const { value } = await getJson(at.rest, { path: timeline, schema: timelineSchema, what });
  const ids = value.records.filter(({ type }) => type === "Checkpoint.Approval").map(({ id }) => id);
  if (ids.length === 0) return [];
  const query = `approvalIds=${ids.map(encodeURIComponent).join(",")}&$expand=steps&api-version=7.1`;
  const path = `${at.api}/pipelines/approvals?${query}`;
  const { value: found } = await getJson(at.rest, { path, schema: approvalsSchema, what });
  const missing = ids.filter((id) => !found.value.some((one) => one.id.toLowerCase() === id.toLowerCase()));
  if (missing.length > 0)
    throw new SourceTrouble(`${what} can't be read whole: ${missing.join(", ")} did not come`);
  return found.value.flatMap(({ id, status, steps }) => {
    // Without its steps an approval names nobody.
    if (status === "approved" && steps.length === 0)
      throw new SourceTrouble(`${what} can't be read: ${id} has no steps`);
    return steps.flatMap((step) => review(step, where));
  });
}

function review(step: z.infer<typeof stepSchema>, where: string): readonly Approval[] {
  const { status, actualApprover, comment, lastModifiedOn } = step;
  if (status !== "approved" && status !== "rejected") return [];
  const [by] = identities(actualApprover);
  if (by === undefined || !actualApprover)
    throw new SourceTrouble(`an approval (${where}) doesn't tell whose it is`);
  return [
    {
      kind: "review",
      by,
      person: isPerson(actualApprover),
      decision: status,
      ...(lastModifiedOn ? { at: lastModifiedOn } : {}),
      comment: comment ?? "",
      where,
    },
  ];
}

async function authorsOf(at: Place): Promise<readonly Identity[]> {
  const what = `the changes of build ${at.buildId}`;
  const first = `${buildPath(at)}/changes?$top=100&api-version=7.1`;
  const changes = await allPages(first, what, async (path) => {
    const { value, headers } = await getJson(at.rest, { path, schema: changesSchema, what });
    const token = headers.get("x-ms-continuationtoken");
    const next = token ? `${first}&continuationToken=${encodeURIComponent(token)}` : undefined;
    return { items: value.value, next };
  });
  return changes.flatMap(({ id, author, message }) => {
    const known = identities(author);
    if (known.length === 0) throw new SourceTrouble(`${what} don't tell who wrote ${id.slice(0, 12)}`);
    return [...known, ...coAuthors(message ?? "")];
  });
}

/** By the sign-in name: display names are not unique and can be changed by anybody. */
function identities(one: AzureIdentity | null | undefined): readonly Identity[] {
  return one?.uniqueName ? [{ source: "azure-devops", id: one.uniqueName }] : [];
}

/** Service identities and groups have descriptors of their own kinds, and no sign-in name of a person. */
function isPerson({ uniqueName, descriptor, isContainer }: AzureIdentity): boolean {
  if (isContainer || /^(svc|aadsp|aadgp|vssgp|imp|bnd)\./i.test(descriptor ?? "")) return false;
  return /^[^[\]\s]+[@\\][^\s]+$/.test(uniqueName ?? "");
}
