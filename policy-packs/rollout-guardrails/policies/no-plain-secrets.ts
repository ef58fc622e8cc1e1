import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { containersOf, podTypes, types } from "../lib/kubernetes.ts";
import { names } from "../lib/names.ts";
import { quotePath } from "../lib/quote.ts";
import { elementsOf, type Members, membersOf } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";
import { isHarmless, secretShape, secretWord } from "../lib/secrets.ts";
import { settingsTypes, slotRelease, webApp, webAppSlot } from "../lib/sites.ts";

/** A plain value under a name, and where it stands. The name is somebody's text: a path says no more than its place. */
interface Plain {
  readonly path: string;
  readonly name: string;
  /** Read when it is asked for: a preview may not know it. */
  value(): unknown;
}

/** What stands in a program, a state and a pod's description is read by many. */
export const noPlainSecrets = resourceRule({
  name: "no-plain-secrets",
  description: "Secrets come by reference, never as a plain value of a variable, a ConfigMap or a setting.",
  level: "mandatory",
  types: [...podTypes, types.configMap, webApp, webAppSlot, ...settingsTypes, slotRelease],
  parameters: z.object({
    everywhere,
    /** Names whose value is no secret, though they look like it. */
    allow: names("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY"),
  }),
  *check({ parameters, ...resource }) {
    for (const plain of plainsOf(resource, parameters)) yield* judge(plain, parameters.allow);
  },
});

function* judge({ path, name, value }: Plain, allow: readonly string[]): Iterable<Finding> {
  if (allow.includes(name)) return;
  const word = secretWord(name);
  const text = value();
  if (typeof text !== "string" || isHarmless(text)) return;
  const shape = secretShape(text);
  if (word === undefined && shape === undefined) return;
  yield {
    what: `${path} is plain, and ${shape === undefined ? `its name says ${word}` : `its value looks like ${shape}`}`,
    hint: "Put it in a Secret and name that: { secretRef: { name, key } } of a component, valueFrom.secretKeyRef of a container, @Microsoft.KeyVault(…) of App Service.",
  };
}

type Resource = { readonly type: string; readonly urn: string; readonly props: Members };
type Scope = { readonly everywhere: boolean };

function plainsOf(resource: Resource, scope: Scope): readonly Plain[] {
  const { type, props } = resource;
  if (podTypes.includes(type)) return containersOf(resource, scope).flatMap(variables);
  if (!belongs(resource, scope)) return [];
  if (type === types.configMap) return entriesAt("data", props["data"]);
  if (settingsTypes.includes(type)) return entriesAt("properties", props["properties"]);
  if (type === slotRelease)
    return ["production", "staged"].flatMap((side) =>
      entriesAt(`${side}.settings`, membersOf(props[side])["settings"]),
    );
  return settingsOf(membersOf(props["siteConfig"]));
}

function variables({ path, members }: { readonly path: string; readonly members: Members }): Plain[] {
  return elementsOf(members["env"]).flatMap((one, index) => {
    const variable = membersOf(one);
    if (!Object.hasOwn(variable, "value")) return [];
    const at = `${path}.env[${index}].value`;
    return [{ path: at, name: String(variable["name"]), value: () => variable["value"] }];
  });
}

function entriesAt(path: string, map: unknown): Plain[] {
  const members = membersOf(map);
  return Object.keys(members).map((name) => ({
    path: quotePath(...path.split("."), name),
    name,
    value: () => members[name],
  }));
}

/** App settings are variables; of a connection string the type says what it is. */
function settingsOf(config: Members): Plain[] {
  return (["appSettings", "connectionStrings"] as const).flatMap((list) =>
    elementsOf(config[list]).map((one, index) => {
      const setting = membersOf(one);
      const isConnection = list === "connectionStrings";
      const key = isConnection ? "connectionString" : "value";
      return {
        path: `siteConfig.${list}[${index}].${key}`,
        name: isConnection ? "connectionString" : String(setting["name"]),
        value: () => setting[key],
      };
    }),
  );
}
