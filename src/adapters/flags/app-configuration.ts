import type { AppConfigurationClient, ConfigurationSettingParam } from "@azure/app-configuration";
import type { Clock } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import { flagKey } from "../../plan/flag-value.ts";
import {
  absentFlag,
  type FlagContent,
  type FlagReading,
  type Flags,
  type FlagWrite,
} from "../../ports/flags.ts";
import { failureOf, retryAfterOf, statusOf, storeError, textOf } from "./store-failure.ts";

/** Which flag, where, and as whom. */
export interface AppConfigurationOptions {
  /** `https://<store>.azconfig.io`. */
  readonly endpoint: string;
  readonly flagId: string;
  /** Default: no label. */
  readonly label?: string;
  readonly credential: TokenCredential;
  readonly clock: Pick<Clock, "sleep">;
  /** Version of the data plane's API; default: the SDK's. The emulator takes `2024-09-01` at most. */
  readonly apiVersion?: string;
  /** PEM of a certificate that is trusted in place of the system's; default: those of the system. */
  readonly ca?: string;
}

/** How often a read is asked for, and the pause between where the store names none, in ms. */
const reads = { attempts: 4, pauseMs: 250, longestMs: 5_000 };

/**
 * A flag in Azure App Configuration, as text: the SDK's own form of a flag drops variants, allocation and telemetry when
 * it is written. The SDK never retries: a write is its caller's to repeat after a read, and reads wait on our clock.
 * One client, because it carries the token that makes a read see the write before it.
 */
export async function openAppConfiguration(options: AppConfigurationOptions): Promise<Flags> {
  const { AppConfigurationClient } = await import("@azure/app-configuration");
  const client = new AppConfigurationClient(options.endpoint, options.credential, {
    retryOptions: { maxRetries: 0 },
    ...(options.apiVersion === undefined ? {} : { apiVersion: options.apiVersion }),
    ...(options.ca === undefined ? {} : { tlsOptions: { ca: options.ca } }),
  });
  const { label } = options;
  const key = flagKey(options.flagId);
  const id = { key, ...(label === undefined ? {} : { label }) };
  const name = `${key}${label === undefined ? "" : ` (${label})`}`;
  return {
    name,
    read: (signal) => read({ client, id, name, clock: options.clock }, signal),
    write: (content, { ifMatch, signal }) => write({ client, id, name }, { content, ifMatch }, signal),
  };
}

interface Place {
  readonly client: AppConfigurationClient;
  readonly id: { readonly key: string; readonly label?: string };
  readonly name: string;
}

async function read(
  place: Place & { readonly clock: Pick<Clock, "sleep"> },
  signal?: AbortSignal,
): Promise<FlagReading | undefined> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return readingOf(await place.client.getConfigurationSetting(place.id, abort(signal)), place);
    } catch (error) {
      signal?.throwIfAborted();
      if (statusOf(error) === 404) return undefined;
      if (attempt === reads.attempts || !failureOf(error).passing)
        throw storeError("read", place.name, error);
      await place.clock.sleep(Math.min(retryAfterOf(error) ?? reads.pauseMs, reads.longestMs), signal);
    }
  }
}

type Setting = Awaited<ReturnType<AppConfigurationClient["getConfigurationSetting"]>>;

function readingOf(setting: Setting, { name }: Place): FlagReading {
  const { value, etag, contentType, tags, label, isReadOnly, lastModified } = setting;
  // Without an etag the SDK would write without a condition.
  if (!etag) throw storeError("read", name, "the store named no etag");
  const { description } = setting;
  return {
    value: value ?? "",
    etag,
    tags: tags ?? {},
    locked: isReadOnly,
    ...(contentType === undefined ? {} : { contentType }),
    ...(label === undefined ? {} : { label }),
    ...(description ? { description } : {}),
    ...(lastModified === undefined ? {} : { changedAt: lastModified.toISOString() }),
  };
}

async function write(
  { client, id, name }: Place,
  of: { readonly content: FlagContent; readonly ifMatch: string },
  signal?: AbortSignal,
): Promise<FlagWrite> {
  signal?.throwIfAborted();
  const { value, contentType, tags, description } = of.content;
  const setting: ConfigurationSettingParam = {
    ...id,
    value,
    tags: { ...tags },
    ...(contentType === undefined ? {} : { contentType }),
    ...(description === undefined ? {} : { description }),
  };
  try {
    const written =
      of.ifMatch === absentFlag
        ? await client.addConfigurationSetting(setting, abort(signal))
        : await client.setConfigurationSetting(
            { ...setting, etag: of.ifMatch },
            { ...abort(signal), onlyIfUnchanged: true },
          );
    return written.etag
      ? { status: "ok", etag: written.etag }
      : { status: "unknown", message: "no etag in the answer" };
  } catch (error) {
    signal?.throwIfAborted();
    return outcomeOf(error, name);
  }
}

/** What a failed write means; a refusal for good is thrown. */
function outcomeOf(error: unknown, name: string): FlagWrite {
  switch (statusOf(error)) {
    case 412:
      return { status: "conflict" };
    case 409:
      return { status: "locked" };
    case 429:
      return {
        status: "throttled",
        retryAfterMs: Math.min(retryAfterOf(error) ?? reads.pauseMs, reads.longestMs),
      };
    default:
      if (failureOf(error).passing) return { status: "unknown", message: textOf(error) };
      throw storeError("written", name, error);
  }
}

function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
