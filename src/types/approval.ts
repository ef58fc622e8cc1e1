/** Who knows a person under an id. `environment` ($USER and the like) can exclude somebody, but never counts. */
export type IdentitySource = "github" | "azure-devops" | "key" | "git" | "environment";

/** A person, as one source knows them: a login, a user name, an e-mail address. */
export interface Identity {
  readonly source: IdentitySource;
  readonly id: string;
}

/** What an approval is for. One that names anything else is void: it can't be replayed on another plan or stack. */
export interface ApprovalSubject {
  readonly stack: string;
  readonly version: string;
  /** The whole hash, 64 hex digits: a prefix could be met by a second plan made to fit it. */
  readonly planHash: string;
}

/**
 * One approval as a source has it: raw facts, not yet judged.
 * `review`: an API that authenticated the person says so. `signed`: a text with a detached signature.
 */
export type Approval =
  | {
      readonly kind: "review";
      readonly by: Identity;
      /** False for bots, service accounts and groups. */
      readonly person: boolean;
      readonly decision: "approved" | "rejected";
      /** When, at the earliest, ISO 8601: where the source only knows a lower bound, that bound. */
      readonly at?: string;
      /** What the person wrote; has to hold the approval line. */
      readonly comment: string;
      /** For people: a URL or a name. */
      readonly where: string;
    }
  | {
      readonly kind: "signed";
      /** The signed bytes, base64. */
      readonly text: string;
      /** The detached signature as it stands in its file: armored SSH signature, or base64 of 64 bytes. */
      readonly signature: string;
      readonly where: string;
    };

/** A person's public key. `key`: `ssh-ed25519 AAAA…`, or PEM of an Ed25519 key. */
export interface TrustedKey {
  /** As approvals name them: an e-mail address, or a name of the alias table. */
  readonly person: string;
  readonly key: string;
}

/**
 * What a source says. Never an empty list for want of an answer: trouble is `error`.
 * `authors` and `requesters` are absent where the source can't know them, and empty where there are none.
 */
export type ApprovalAnswer =
  | {
      readonly status: "value";
      readonly approvals: readonly Approval[];
      /** Who wrote what this version brings. */
      readonly authors?: readonly Identity[];
      /** Who asked for this rollout. */
      readonly requesters?: readonly Identity[];
    }
  | { readonly status: "error"; readonly message: string };

/** Where approvals come from. Tokens are secrets. */
export type ApprovalConfig =
  | {
      readonly kind: "github";
      /** `owner/name`. */
      readonly repository: string;
      /** The deployment environment whose reviews count. */
      readonly environment: string;
      /** Run whose reviews are read: the id of the workflow run, digits. */
      readonly runId: string;
      readonly token: string;
      /** Tag of a version, `v{version}`: authors are then those between the two versions' tags. */
      readonly tag?: string;
      /** Default `https://api.github.com`. */
      readonly apiUrl?: string;
    }
  | {
      readonly kind: "azure-devops";
      /** `https://dev.azure.com/<organization>`. */
      readonly organizationUrl: string;
      readonly project: string;
      /** Run whose approvals are read: the build's id, digits. */
      readonly buildId: string;
      readonly token: string;
    }
  | {
      readonly kind: "signed-files";
      /** Folder of `<name>.json` with `<name>.json.sig` beside it. */
      readonly dir: string;
      /** Tag of a version, `v{version}`: authors are then read from the local git history. */
      readonly tag?: string;
    };
