import * as z from "zod";
import { type ClusterPlace, selectorOf } from "../../lib/kube-call.ts";
import type { Candidate, CandidateEvidence, EvidenceFile } from "../../ports/candidate.ts";
import { connect, type LogQuery, type PodsApi, reasonOf } from "./kube-client.ts";

export interface KubeCandidateOptions {
  readonly place: ClusterPlace;
  /** Of the candidate's pods, and of no others. */
  readonly labels: Readonly<Record<string, string>>;
  /** The newest bytes of each log that are kept; default 10 MiB. */
  readonly maxBytes?: number;
  /** The newest lines of each log that are asked for; default 100,000. */
  readonly maxLines?: number;
}

// Names become paths of files.
const name = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/);
const containers = z.array(z.object({ name })).default([]);
const statuses = z.array(z.object({ name, restartCount: z.number().default(0) })).default([]);
const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name }),
      spec: z.object({ initContainers: containers, containers }),
      status: z.object({ initContainerStatuses: statuses, containerStatuses: statuses }).prefault({}),
    }),
  ),
});

type Pod = z.infer<typeof podList>["items"][number];

const nothing: CandidateEvidence = { files: [], problems: [], notes: [] };

/** The candidate's pods, by their labels, with the newest part of the log of each container and of its run before. */
export function createKubeCandidate(options: KubeCandidateOptions): Candidate {
  const { namespace } = options.place;
  const selector = selectorOf(options.labels);
  return {
    name: `pods ${selector} in ${namespace}`,
    collect: async (signal) => {
      try {
        const api = await connect(options.place);
        const list = await api.list(options.labels, signal);
        const file = { name: "candidate/pods.json", content: `${JSON.stringify(list, undefined, 2)}\n` };
        const parsed = podList.safeParse(list);
        if (!parsed.success)
          return {
            ...nothing,
            files: [file],
            problems: [`candidate/pods.json is no list of pods: ${z.prettifyError(parsed.error)}`],
          };
        const { items } = parsed.data;
        const gone = items.length === 0 ? [`no pod in ${namespace} carries the labels ${selector}`] : [];
        const logs = await Promise.all(items.map((pod) => logsOf(pod, { api, options, signal })));
        return joined([{ ...nothing, files: [file], problems: gone }, ...logs]);
      } catch (error) {
        return { ...nothing, problems: [reasonOf(`list the pods ${selector} in ${namespace}`, error)] };
      }
    },
  };
}

interface Reading {
  readonly api: PodsApi;
  readonly options: KubeCandidateOptions;
  readonly signal: AbortSignal;
}

/** One after another: an API server has other things to do. */
async function logsOf({ metadata, spec, status }: Pod, reading: Reading): Promise<CandidateEvidence> {
  const found: CandidateEvidence[] = [];
  const known = [...status.initContainerStatuses, ...status.containerStatuses];
  for (const container of [...spec.initContainers, ...spec.containers]) {
    const restarts = known.find(({ name }) => name === container.name)?.restartCount ?? 0;
    for (const previous of restarts > 0 ? [false, true] : [false])
      found.push(await logOf({ pod: metadata.name, container: container.name, previous }, reading));
  }
  return joined(found);
}

async function logOf(
  of: Pick<LogQuery, "pod" | "container" | "previous">,
  { api, options, signal }: Reading,
): Promise<CandidateEvidence> {
  const path = `candidate/logs/${of.pod}/${of.container}${of.previous ? ".previous" : ""}.log`;
  try {
    const { text, cut } = await newestPart(of, { api, options, signal });
    const file: EvidenceFile = { name: path, content: text };
    return { files: [file], problems: [], notes: cut === undefined ? [] : [`${path}: ${cut}`] };
  } catch (error) {
    return { ...nothing, problems: [reasonOf(`read ${path}`, error)] };
  }
}

/**
 * The API counts its limit of bytes from the first line that it is asked for, so that a log that is too long is asked for
 * again with fewer lines, until the newest ones fit.
 */
async function newestPart(
  of: Pick<LogQuery, "pod" | "container" | "previous">,
  { api, options, signal }: Reading,
): Promise<{ readonly text: string; readonly cut?: string }> {
  const { maxBytes = 10 * 1024 * 1024, maxLines = 100_000 } = options;
  let tailLines = maxLines;
  for (;;) {
    const text = await api.log({ ...of, tailLines, limitBytes: maxBytes + 1 }, signal);
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes && tailLines > 1) {
      tailLines = Math.floor(tailLines / 2);
      continue;
    }
    if (bytes > maxBytes) return { text, cut: "only the beginning of its last line" };
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    return lines < tailLines ? { text } : { text, cut: `only its last ${tailLines} lines` };
  }
}

function joined(parts: readonly CandidateEvidence[]): CandidateEvidence {
  return {
    files: parts.flatMap(({ files }) => files),
    problems: parts.flatMap(({ problems }) => problems),
    notes: parts.flatMap(({ notes }) => notes),
  };
}
