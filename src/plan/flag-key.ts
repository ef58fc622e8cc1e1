import { flagKey } from "./flag-value.ts";

/**
 * Name of a flag as a resource of Azure: key and label, each percent-encoded with a tilde in place of the percent sign
 * ("Create an App Configuration store by using an ARM template"). Without a label the key alone.
 */
export function keyValueName({ id, label }: { readonly id: string; readonly label?: string }): string {
  const key = encoded(flagKey(id));
  return label === undefined ? key : `${key}$${encoded(label)}`;
}

/** Key and label of a resource's name. */
export function keyOfName(name: string): { readonly key: string; readonly label?: string } {
  const [key = "", label] = name.split("$");
  return { key: decoded(key), ...(label === undefined ? {} : { label: decoded(label) }) };
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("~", "~7E").replaceAll("%", "~");
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("~", "%"));
}
