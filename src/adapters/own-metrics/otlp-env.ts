import { uriDecoded } from "../../lib/uri-decoded.ts";
/** Where metrics are sent by OTLP/HTTP. URL and headers may hold keys. */
export interface OtlpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one export, ms. */
  readonly timeoutMs: number;
  /** Attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
}

/** What the environment asks for: a target, nothing, or something that can't be done, and why. */
export type OtlpAsked = { readonly target?: OtlpTarget; readonly problem?: string };

const prefix = "OTEL_EXPORTER_OTLP";

/**
 * OpenTelemetry's own variables: an endpoint of all signals gets `v1/metrics` appended, one of metrics alone is taken as it
 * is. Without an endpoint nothing is sent: the standard's default would send every run to localhost.
 */
export function otlpFromEnv(env: NodeJS.ProcessEnv): OtlpAsked {
  const of = (name: string) => given(env, `${prefix}_METRICS_${name}`) ?? given(env, `${prefix}_${name}`);
  const url = urlOf(env);
  if (url === undefined || isOff(env)) return {};
  const protocol = of("PROTOCOL") ?? "http/json";
  if (protocol === "grpc")
    return { problem: `${prefix}_PROTOCOL is grpc, and metrics are sent by OTLP/HTTP alone` };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return { problem: `${prefix}_ENDPOINT is no http or https URL` };
  const timeout = Number(of("TIMEOUT") ?? 10_000);
  const resource = { ...pairs(env["OTEL_RESOURCE_ATTRIBUTES"]), ...named(env) };
  return {
    target: {
      url,
      headers: pairs(of("HEADERS")),
      timeoutMs: Number.isFinite(timeout) && timeout > 0 ? timeout : 10_000,
      resource: { "service.name": "pulumi-rollouts", ...resource },
    },
  };
}

/** What of it nobody may see. */
export function otlpSecrets({ url, headers }: OtlpTarget): readonly string[] {
  const { username, password, search } = new URL(url);
  return [...Object.values(headers), username, password, search.slice(1)].filter((text) => text.length >= 8);
}

function urlOf(env: NodeJS.ProcessEnv): string | undefined {
  const own = given(env, `${prefix}_METRICS_ENDPOINT`);
  if (own !== undefined) return own;
  const base = given(env, `${prefix}_ENDPOINT`);
  if (base === undefined || !URL.canParse(base)) return base;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/metrics`;
  return url.href;
}

function isOff(env: NodeJS.ProcessEnv): boolean {
  return env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_METRICS_EXPORTER"] === "none";
}

/** An empty variable is one that isn't set. */
function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

function named(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const name = given(env, "OTEL_SERVICE_NAME");
  return name === undefined ? {} : { "service.name": name };
}

/** `key=value,other=value`, percent-encoded as W3C's baggage. What is neither is left out. */
function pairs(text: string | undefined): Readonly<Record<string, string>> {
  const entries = (text ?? "").split(",").flatMap((part): [string, string][] => {
    const at = part.indexOf("=");
    const name = part.slice(0, at).trim();
    return at < 1 || !/^[\w.-]+$/.test(name) ? [] : [[name, uriDecoded(part.slice(at + 1).trim())]];
  });
  return Object.fromEntries(entries);
}
