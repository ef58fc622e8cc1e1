import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The official samples of microsoft/FeatureManagement (MIT), beside the checkout. Nothing of them is part of the project. */
const folder = resolve(import.meta.dirname, "../../../shared/data/feature-management");
export const samplesAreHere = existsSync(folder);

/** One evaluation that every library of Microsoft's has to give. */
export interface SampleCase {
  readonly FriendlyName?: string;
  readonly FeatureFlagName: string;
  readonly Inputs?: { readonly User?: string; readonly Groups?: readonly string[] };
  readonly IsEnabled?: { readonly Result?: string | null; readonly Exception?: string };
  readonly Variant?: {
    readonly Result?: { readonly Name?: string; readonly ConfigurationValue?: unknown } | null;
    readonly Exception?: string;
  };
}

export interface SampleSuite {
  readonly name: string;
  /** Flags as they are written, by id. */
  readonly flags: ReadonlyMap<string, unknown>;
  readonly cases: readonly SampleCase[];
}

/** The suites that have both flags and expectations; none where the samples aren't here. */
export function sampleSuites(): readonly SampleSuite[] {
  if (!samplesAreHere) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sample.json"))
    .map((file) => {
      const name = file.replace(".sample.json", "");
      const written = read(file).feature_management.feature_flags as readonly { readonly id: string }[];
      return {
        name,
        flags: new Map(written.map((flag) => [flag.id, flag])),
        cases: read(`${name}.tests.json`),
      };
    });
}

function read(file: string) {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}
