import type { FlagConfig, FlagSpec } from "../types/flag-config.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { Increment } from "../types/policy.ts";
import { defaults, presets } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

const week = 7 * 86_400;

/** How a flag is opened: the guide's "Feature Flag-Based Rollout", and its weeks of a combined one. Soaks absent: the stack's. */
const flagPhases: Readonly<
  Record<
    "usual" | "combined",
    { readonly percentages: readonly number[]; readonly soakSeconds?: number; readonly darkSeconds: number }
  >
> = {
  usual: { percentages: [10, 25, 50, 100], darkSeconds: 0 },
  combined: { percentages: [10, 50, 100], soakSeconds: week, darkSeconds: week },
};

const standard = <T>(value: T) => ({ from: "default", value }) as const;

type Written = NonNullable<WrittenConfig["flag"]>;

/** The flag of a stack, and where it is alone its phases as the stack's increments; nothing where config has none. */
export function pickFlag(
  written: WrittenConfig,
  pick: Picker,
  strategy: StrategyKind,
): { readonly flag?: FlagConfig; readonly increments?: readonly Increment[] } {
  const { flag, lever } = written;
  if (flag === undefined) return {};
  const usual = strategy === "combined" ? flagPhases.combined : flagPhases.usual;
  const soak: Soak =
    usual.soakSeconds === undefined
      ? {
          written: secondsOf(flag.soak) ?? secondsOf(written.soak),
          base: { from: "preset", value: presets[written.preset].soakSeconds },
        }
      : { written: secondsOf(flag.soak), base: standard(usual.soakSeconds) };
  const alone = lever?.kind === "app-configuration";
  const phases = pickPhases(flag, pick, { ...usual, soak, alone });
  const { refreshSeconds, cohort } = defaults.flag;
  const found: FlagConfig = {
    spec: pick("flag.spec", specOf(flag), standard(specOf(flag))),
    endpoint: pick("flag.endpoint", flag.endpoint.replace(/\/+$/, ""), standard(flag.endpoint)),
    ...(flag.label === undefined ? {} : { label: pick("flag.label", flag.label, standard(flag.label)) }),
    phases,
    betaSoakSeconds: pick("flag.betaSoakSeconds", secondsOf(flag.beta?.soak) ?? soak.written, soak.base),
    darkSeconds: pick("flag.darkSeconds", secondsOf(flag.dark), standard(usual.darkSeconds)),
    refreshSeconds: pick("flag.refreshSeconds", secondsOf(flag.refresh), standard<number>(refreshSeconds)),
    ...(flag.tenants === undefined ? {} : { tenants: pick("flag.tenants", flag.tenants, standard("")) }),
    cohort: {
      label: pick("flag.cohort.label", flag.cohort?.label, standard<string>(cohort.label)),
      on: pick("flag.cohort.on", flag.cohort?.on, standard<string>(cohort.on)),
      off: pick("flag.cohort.off", flag.cohort?.off, standard<string>(cohort.off)),
    },
  };
  if (!alone) return { flag: found };
  const increments = phases.map(({ percentage, soakSeconds }) => ({ exposure: percentage, soakSeconds }));
  return { flag: found, increments };
}

/** How long a phase is watched where it doesn't say so itself. */
interface Soak {
  readonly written: number | undefined;
  readonly base: { readonly from: "preset" | "default"; readonly value: number };
}

/** Alone, each phase is an increment of the stack too, with the same origin. */
function pickPhases(
  { phases }: Written,
  pick: Picker,
  of: { readonly percentages: readonly number[]; readonly soak: Soak; readonly alone: boolean },
): FlagConfig["phases"] {
  const items = phases ?? of.percentages;
  return items.map((item, index) => {
    const own = typeof item === "number" ? { percentage: item, soak: undefined } : item;
    const soak = secondsOf(own.soak) ?? of.soak.written;
    const [at, also] = [`flag.phases[${index}]`, `increments[${index}]`];
    const share = phases && own.percentage;
    if (of.alone) {
      pick(`${also}.exposure`, share, standard(own.percentage));
      pick(`${also}.soakSeconds`, soak, of.soak.base);
    }
    return {
      percentage: pick(`${at}.percentage`, share, standard(own.percentage)),
      soakSeconds: pick(`${at}.soakSeconds`, soak, of.soak.base),
    };
  });
}

/** The definition alone; what isn't written is empty, so that a hash of it is of the same things always. */
function specOf({ id, description, by, beta, exclude, variants, telemetry }: Written): FlagSpec {
  return {
    schemaVersion: 1,
    kind: "flag",
    id,
    description: description ?? "",
    by: by ?? "targeting",
    beta: {
      users: beta?.users ?? [],
      groups: (beta?.groups ?? []).map(({ name, percentage }) => ({ name, percentage: percentage ?? 100 })),
    },
    exclude: { users: exclude?.users ?? [], groups: exclude?.groups ?? [] },
    ...(variants === undefined
      ? {}
      : { variants: { on: variantOf(variants.on), off: variantOf(variants.off) } }),
    telemetry: telemetry ?? false,
  };
}

/** No value at all is JSON's null. */
function variantOf({ name, value }: { readonly name: string; readonly value?: unknown }): {
  readonly name: string;
  readonly value: unknown;
} {
  return { name, value: value ?? null };
}
