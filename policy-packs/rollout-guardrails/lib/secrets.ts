/** Words whose value nobody else may know, wherever they stand in a name. */
const always = [
  "password",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "secrets",
  "token",
  "credential",
  "credentials",
  "apikey",
  "accesskey",
  "accountkey",
  "privatekey",
  "sharedkey",
  "connectionstring",
  "connectionstrings",
  "connstr",
  "sas",
  "pat",
] as const;

/** Two words that mean one of those. */
const pairs: readonly (readonly [string, string])[] = [
  ["connection", "string"],
  ["connection", "strings"],
  ["pass", "phrase"],
];

/** What a key is of, where it opens nothing. */
const openKeys = [
  "public",
  "partition",
  "sort",
  "row",
  "cache",
  "shard",
  "index",
  "group",
  "foreign",
  "instrumentation",
];

/** Last words of names that are about a secret and don't hold it. */
const about = [
  ..."url uri endpoint host address path file dir directory name names id ids ref reference type kind".split(
    " ",
  ),
  ..."algorithm alg issuer audience scope scopes policy provider source store format prefix suffix".split(
    " ",
  ),
  ..."length size count limit max min ttl expiry expiration lifetime seconds minutes hours days ms".split(
    " ",
  ),
  ..."enabled disabled required rotation version header field bucket vault mode timeout interval".split(" "),
];

/**
 * The word by which a name looks like a secret's: `DB_PASSWORD`, `ConnectionStrings__Default`, `storageAccountKey`. A
 * word of this list, so it may be quoted. Undefined: it doesn't, as `TOKEN_URL` or `PARTITION_KEY`.
 */
export function secretWord(name: string): string | undefined {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (about.includes(last)) return undefined;
  const word = words.map((one) => always.find((known) => isOf(one, known))).find((one) => one !== undefined);
  if (word !== undefined) return word;
  const pair = pairs.find(([first, second]) =>
    words.some((one, at) => one === first && words[at + 1] === second),
  );
  if (pair !== undefined) return pair.join(" ");
  return last === "key" && !openKeys.includes(words.at(-2) ?? "") ? "key" : undefined;
}

/** Long words are found at the end of others too: `dbpassword`. */
function isOf(word: string, known: string): boolean {
  return word === known || (known.length > 5 && word.endsWith(known));
}

/** `DB_PASSWORD_2`, `dbPassword`, `Db:Password` → db, password. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}

/** Values that are secrets whatever their name is. A reference to a variable in their place is none. */
const shapes: readonly (readonly [what: string, shape: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/],
  ["a signed token", /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/],
  [
    "a connection string with its key",
    /(?:^|[;?&\s"'])(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*=\s*(?!\$|%|@Microsoft\.KeyVault|[;"'\s]|$)/i,
  ],
  ["a signed address", /[?&]sig=[\w%+/-]{16,}/i],
  ["an address with a password", /:\/\/[^/\s:@]*:(?!\$)[^/\s@]+@/],
  ["a token of GitHub", /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}/],
  ["a token of GitLab", /\bglpat-[\w-]{16,}/],
  ["a token of npm", /\bnpm_[A-Za-z0-9]{30,}/],
  ["a token of Slack", /\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com\/services\/\w/],
  ["a key of Stripe", /\b[rs]k_live_\w{16,}/],
  ["a key of AWS", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["a key of Google", /\bAIza[\w-]{35}/],
];

/** What a value looks like, in words of its own; undefined where it looks like nothing that is kept. */
export function secretShape(value: string): string | undefined {
  return shapes.find(([, shape]) => shape.test(value))?.[0];
}

/** Whether a value is no secret whatever its name: nothing, a switch, or a reference to where the secret is. */
export function isHarmless(value: string): boolean {
  return /^(?:|true|false|\$\([\w.-]+\)|@Microsoft\.KeyVault\(.*\)|@Microsoft\.AppConfiguration\(.*\))$/i.test(
    value.trim(),
  );
}
