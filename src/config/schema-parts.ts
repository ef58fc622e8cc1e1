import * as z from "zod";
import { type KeyFacts, key, text } from "./leaves.ts";

/** A value that Pulumi keeps encrypted, as the YAML file shows it. Opaque: it is never looked into. */
export const secureValue = z.strictObject({ secure: z.string() });

/** The literal that tells one kind from the others. */
export function kind<K extends string>(name: K, what: string) {
  return key(z.literal(name), { what, rule: `the kind "${name}"`, hint: `Write kind: ${name}.` });
}

/** An http or https URL without credentials in it: config files are read by many. */
export function url(facts: { readonly what: string; readonly example: string }): z.ZodString {
  const fits = (written: string) => {
    const parsed = URL.canParse(written) ? new URL(written) : undefined;
    return parsed !== undefined && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password;
  };
  return key(
    z
      .string()
      .regex(/^https?:\/\//)
      .refine(fits),
    {
      what: facts.what,
      rule: "an http or https URL without user name and password",
      hint: `Write it like ${facts.example}.`,
    },
  );
}

/** A text that is a secret: encrypted in the file, or plain and masked all the same. */
export function secretText(facts: {
  readonly what: string;
  readonly hint: string;
  readonly absent?: string;
}) {
  return key(z.union([z.string().regex(/^\S(?:.*\S)?$/), secureValue]), {
    ...facts,
    rule: "a text on one line, or { secure: … }",
    secret: true,
  });
}

/** The path of a URL, from its slash on. */
export function path(facts: Pick<KeyFacts, "what" | "fallback" | "absent">): z.ZodString {
  return key(z.string().regex(/^\/\S*$/), {
    ...facts,
    rule: "a path that starts with /",
    hint: "Write it like /health/ready.",
  });
}

/** Which logs: of a workspace, or of one Application Insights resource. */
export const logsPlace = {
  workspaceId: text({
    what: "Log Analytics workspace.",
    absent: "`resourceId` says where",
    example: "6f0e1d2c-8a2b-4f4e-9a51-0c7c3c2e8d10",
  }).optional(),
  resourceId: text({
    what: "ARM id of an Application Insights resource.",
    absent: "`workspaceId` says where",
    example: "/subscriptions/…/components/atp",
  }).optional(),
};

/** Where they are asked. */
export const logsEndpoint = {
  endpoint: url({
    what: "Base URL of the query API, in another cloud.",
    example: "https://api.loganalytics.us",
  }).optional(),
};
