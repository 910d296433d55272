/** The peer of a layer of the simulated TLS, and the outcome of its handshake. */

export interface TLSParty {
  readonly servername: string;
  /** The name or address that the certificate must match; both empty: the caller checks. */
  readonly host: string;
  readonly address: string;
  readonly verify: boolean;
  /** For ALPN, separated by commas. */
  readonly protocols: string;
  /** A session to resume; empty: none. */
  readonly session: string;
  readonly keep: (session: string) => void;
}

/** The outcome of the handshake. */
export interface TLSOutcome {
  readonly established: boolean;
  readonly alpn: string;
  readonly resumed: boolean;
  readonly refused: boolean;
  readonly verification: number;
  /** The newest session from the server; empty: none. */
  readonly session: string;
  readonly library: string;
  readonly reason: string;
}
