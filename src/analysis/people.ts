import type { Identity } from "../types/approval.ts";

/** A person's name, and the identities that are this person's: `github:dana-m`, `git:dana@atp.example`. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/**
 * Tells who an identity is: one text a person, over all sources. Ids are compared without case and in one Unicode
 * form. E-mail addresses are the same person in every source, without a `+tag`; GitHub's noreply address is its
 * login. The alias table joins the rest, also transitively. Every rule here can only make two identities one person,
 * so a mistake costs an approver and never lets one person count twice.
 */
export function personResolver(aliases: Aliases = {}): (identity: Identity) => string {
  const parents = new Map<string, string>();
  const root = (key: string): string => {
    const parent = parents.get(key);
    return parent === undefined ? key : root(parent);
  };
  const join = (a: string, b: string) => {
    const [x, y] = [root(a), root(b)];
    if (x !== y) parents.set(y, x);
  };
  for (const [person, written] of Object.entries(aliases)) {
    const name = `person:${plain(person)}`;
    join(name, addressOrName(person, "key"));
    for (const one of written) join(name, keyOf(one));
  }
  return ({ source, id }) => root(canonical(source, id));
}

/** How an identity is written in the alias table and in messages. */
export function identityText({ source, id }: Identity): string {
  return `${source}:${id}`;
}

function keyOf(written: string): string {
  const colon = written.indexOf(":");
  if (colon < 0) return addressOrName(written, "git");
  return canonical(written.slice(0, colon), written.slice(colon + 1));
}

function canonical(source: string, id: string): string {
  return addressOrName(id, source);
}

const noreply = /^(?:\d+\+)?([a-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com$/;

function addressOrName(id: string, source: string): string {
  const text = plain(id);
  const login = noreply.exec(text)?.[1];
  if (login !== undefined) return `github:${login}`;
  const at = text.lastIndexOf("@");
  if (at <= 0) return `${plain(source)}:${text}`;
  const local = text.slice(0, at).replace(/\+.*$/, "");
  return `mail:${local}${text.slice(at)}`;
}

function plain(text: string): string {
  return text.normalize("NFKC").trim().toLowerCase();
}
