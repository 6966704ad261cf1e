/** What metrics show: how many of everything there are, and counts that only grow. */

export type TotalName =
  | "runs"
  | "phase_seconds"
  | "phases"
  | "people"
  | "run_errors"
  | "pushes"
  | "pushed_accounts";

interface PerApp {
  readonly app: string;
  readonly count: number;
}

/** How apps are. */
export interface AppFigures {
  readonly accounts: readonly (PerApp & { readonly state: string })[];
  /** Accounts whose last push failed, by code. */
  readonly failing: readonly (PerApp & { readonly code: string })[];
  readonly tasks: readonly PerApp[];
  /** Seconds since when something is owed to the app. */
  readonly pending: readonly { readonly app: string; readonly age: number }[];
  readonly paused: readonly { readonly app: string; readonly paused: boolean }[];
  /** Pushes that are running or held. */
  readonly open: readonly (PerApp & { readonly status: string })[];
}

export interface Total {
  readonly name: TotalName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Figures {
  readonly appUsers: readonly {
    readonly directory: string;
    readonly status: string;
    readonly count: number;
  }[];
  /** People whose last update failed, by directory and code. */
  readonly failing: readonly {
    readonly directory: string;
    readonly code: string;
    readonly count: number;
  }[];
  readonly users: readonly { readonly status: string; readonly count: number }[];
  readonly runs: readonly {
    readonly directory: string;
    readonly status: string;
    readonly count: number;
  }[];
  /** Seconds since the last import that was applied whole began, and the last full one. */
  readonly ages: readonly {
    readonly directory: string;
    readonly any: number;
    readonly full: number;
  }[];
  readonly apps: AppFigures;
  /** What tables take with their indexes. */
  readonly tables: readonly { readonly table: string; readonly bytes: number }[];
  readonly totals: readonly Total[];
}
