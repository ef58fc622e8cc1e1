import type {
  ChecklistConfig,
  EvidenceConfig,
  SyntheticConfig,
  WaivedItem,
} from "../types/checklist-config.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { securePlaceholder } from "./kinds-of.ts";
import { defaults, presets } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

type Written = Extract<WrittenConfig["checklist"], object>;

const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** The checklists, where the preset has them or config switches them on. */
export function pickChecklist(
  { checklist, preset }: WrittenConfig,
  pick: Picker,
): Pick<EnvironmentPolicy, "checklist"> {
  if (checklist === false) {
    // Only this has an origin of its own: the journal tells who has switched it off from what never was on.
    pick("checklist", checklist, standard(checklist));
    return {};
  }
  if (checklist === undefined && !presets[preset].checklist) return {};
  const written: Written = checklist ?? {};
  return { checklist: { ...settingsOf(written, pick), ...sourcesOf(written, pick) } };
}

function settingsOf(
  { waive, confirmedWithin, revertRehearsed, synthetics }: Written,
  pick: Picker,
): Pick<ChecklistConfig, "waived" | "confirmedWithinSeconds" | "revertRehearsed" | "synthetics"> {
  const base = defaults.checklist;
  const own = <T>(name: string, value: T | undefined, fallback: T) =>
    pick(`checklist.${name}`, value, standard(fallback));
  return {
    waived: own<readonly WaivedItem[]>("waived", waive, []),
    confirmedWithinSeconds: own<number>(
      "confirmedWithinSeconds",
      secondsOf(confirmedWithin),
      base.confirmedWithinSeconds,
    ),
    revertRehearsed: {
      stack: own<string>("revertRehearsed.stack", revertRehearsed?.stack, base.stack),
      withinDays: own<number>("revertRehearsed.withinDays", revertRehearsed?.withinDays, base.revertDays),
    },
    synthetics: own<readonly SyntheticConfig[]>("synthetics", synthetics?.map(syntheticOf), []),
  };
}

/** Where proof is read; what is absent is confirmed by a person. */
function sourcesOf(
  { loadTest, securityScan, smoke, exceptions }: Written,
  pick: Picker,
): Pick<ChecklistConfig, "loadTest" | "securityScan" | "smoke" | "exceptions"> {
  const given = <T>(name: string, value: T) => pick(`checklist.${name}`, value, standard(value));
  const proof = (name: string, written: EvidenceConfig) => given(name, written);
  return {
    ...(loadTest === undefined ? {} : { loadTest: proof("loadTest", loadTest) }),
    ...(securityScan === undefined
      ? {}
      : {
          securityScan: {
            path: given("securityScan.path", securityScan.path),
            withinDays: pick(
              "checklist.securityScan.withinDays",
              securityScan.withinDays,
              standard<number>(defaults.checklist.scanDays),
            ),
          },
        }),
    ...(smoke === undefined ? {} : { smoke: proof("smoke", smoke) }),
    ...(exceptions === undefined ? {} : { exceptions: given("exceptions", exceptions) }),
  };
}

type WrittenSynthetic = NonNullable<Written["synthetics"]>[number];

function syntheticOf(written: WrittenSynthetic): SyntheticConfig {
  switch (written.kind) {
    case "http":
      return { kind: "http", url: written.url };
    case "pingdom": {
      const { kind, token, checks, endpoint = defaults.checklist.pingdom } = written;
      return { kind, token: opened(token), checks, endpoint: endpoint.replace(/\/+$/, "") };
    }
    case "availability": {
      const { kind, tests, workspaceId, resourceId, endpoint } = written;
      return {
        kind,
        tests,
        ...(workspaceId === undefined ? {} : { workspaceId }),
        ...(resourceId === undefined ? {} : { resourceId }),
        ...(endpoint === undefined ? {} : { endpoint }),
      };
    }
  }
}

function opened(text: string | { readonly secure: string }): string {
  return typeof text === "string" ? text : securePlaceholder;
}

/** What of the checklists nobody may see. */
export function checklistSecrets({ checklist }: EnvironmentPolicy): readonly string[] {
  return (checklist?.synthetics ?? []).flatMap((one) => (one.kind === "pingdom" ? [one.token] : []));
}
