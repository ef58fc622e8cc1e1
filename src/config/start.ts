import type { ApprovalConfig } from "../types/approval.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { Approvers, ChangeSystem, PromotedIn } from "../types/start.ts";
import type { WindowRules } from "../types/window.ts";
import { securePlaceholder } from "./kinds-of.ts";
import { presets } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

const preset = <T>(value: T) => ({ from: "preset", value }) as const;
const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** What has to hold before a rollout starts: people, the advisory board, windows, promotions elsewhere. */
export function pickStart(
  written: WrittenConfig,
  pick: Picker,
): Pick<
  EnvironmentPolicy,
  "approvals" | "approvers" | "change" | "windows" | "promotedIn" | "strategyReason"
> {
  const windows = pickWindows(written, pick);
  const { change, strategyReason } = written;
  return {
    approvals: pickDemand(written, pick),
    approvers: pickApprovers(written, pick),
    ...(change === undefined ? {} : { change: pick("change", changeOf(change), standard(changeOf(change))) }),
    ...(windows === undefined ? {} : { windows }),
    promotedIn: pickPromotedIn(written, pick),
    ...(strategyReason === undefined
      ? {}
      : { strategyReason: pick("strategyReason", strategyReason, standard(strategyReason)) }),
  };
}

type WrittenApprovals = Extract<WrittenConfig["approvals"], object>;

function approvalsOf({ approvals }: WrittenConfig): WrittenApprovals {
  if (typeof approvals === "object") return approvals;
  return approvals === undefined ? {} : { required: approvals };
}

function pickDemand(written: WrittenConfig, pick: Picker): EnvironmentPolicy["approvals"] {
  const { required, cab } = approvalsOf(written);
  const base = presets[written.preset].approvals;
  return {
    required: pick("approvals.required", required, preset(base.required)),
    cab: pick("approvals.cab", cab, preset(base.cab)),
    expedited: pick("approvals.expedited", undefined, preset(base.expedited)),
  };
}

function pickApprovers(written: WrittenConfig, pick: Picker): Approvers {
  const { sources, keys, people, expires } = approvalsOf(written);
  const { expiresSeconds } = presets[written.preset];
  return {
    sources: pick("approvers.sources", sources?.map(sourceOf), standard([])),
    keys: pick("approvers.keys", keys, standard([])),
    people: pick("approvers.people", people, standard({})),
    expiresSeconds: pick("approvers.expiresSeconds", secondsOf(expires), preset(expiresSeconds)),
  };
}

type WrittenSource = NonNullable<WrittenApprovals["sources"]>[number];

function sourceOf(source: WrittenSource): ApprovalConfig {
  switch (source.kind) {
    case "github": {
      const { apiUrl, tag, runId = "", token, ...rest } = source;
      return {
        ...rest,
        runId,
        token: opened(token),
        ...(tag === undefined ? {} : { tag }),
        ...(apiUrl === undefined ? {} : { apiUrl: apiUrl.replace(/\/+$/, "") }),
      };
    }
    case "azure-devops": {
      const { buildId = "", token, organizationUrl, ...rest } = source;
      return { ...rest, organizationUrl: organizationUrl.replace(/\/+$/, ""), buildId, token: opened(token) };
    }
    case "signed-files": {
      const { kind, dir, tag } = source;
      return { kind, dir, ...(tag === undefined ? {} : { tag }) };
    }
  }
}

function changeOf(written: NonNullable<WrittenConfig["change"]>): ChangeSystem {
  const approvedStates = written.approvedStates ?? ["approved"];
  if (written.kind === "file") return { kind: "file", dir: written.dir, approvedStates };
  const { state, service, start, end, risk } = written.fields;
  const { url, times, authorization } = written;
  return {
    kind: "http",
    url,
    fields: {
      state,
      ...(service === undefined ? {} : { service }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(risk === undefined ? {} : { risk }),
    },
    ...(times === undefined ? {} : { times }),
    ...(authorization === undefined ? {} : { authorization: opened(authorization) }),
    approvedStates,
  };
}

function opened(text: string | { readonly secure: string }): string {
  return typeof text === "string" ? text : securePlaceholder;
}

function pickWindows({ windows, preset: name }: WrittenConfig, pick: Picker): WindowRules | undefined {
  const base = presets[name].windows;
  if (windows === undefined && base === undefined) return undefined;
  const { zone, rules, freezes } = base ?? { zone: "UTC", rules: [], freezes: [] };
  return {
    zone: pick("windows.zone", windows?.zone, standard(zone)),
    rules: pick("windows.rules", windows?.rules, base === undefined ? standard(rules) : preset(rules)),
    freezes: pick("windows.freezes", windows?.freezes, standard(freezes)),
  };
}

function pickPromotedIn({ promotedIn, preset: name }: WrittenConfig, pick: Picker): PromotedIn {
  const base = presets[name].promotedIn;
  const asked = promotedIn === false ? { stacks: [], withinDays: undefined } : promotedIn;
  return {
    stacks: pick("promotedIn.stacks", asked?.stacks, preset(base.stacks)),
    withinDays: pick("promotedIn.withinDays", asked?.withinDays, preset(base.withinDays)),
  };
}
