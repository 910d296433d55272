/** Whom a layer of the simulated TLS is spoken with, and what there is to tell of it. */

export interface TLSParty {
  readonly servername: string;
  /** Whom the certificate must be for, a name or an address; both empty: the caller checks. */
  readonly host: string;
  readonly address: string;
  readonly verify: boolean;
  /** For ALPN, with commas. */
  readonly protocols: string;
  /** One to resume; empty: none. */
  readonly session: string;
  readonly keep: (session: string) => void;
}

/** What there is to tell of it. */
export interface TLSOutcome {
  readonly established: boolean;
  readonly alpn: string;
  readonly resumed: boolean;
  readonly refused: boolean;
  readonly verification: number;
  /** The newest that the server gave; empty: none. */
  readonly session: string;
  readonly library: string;
  readonly reason: string;
}
