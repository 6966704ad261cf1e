/** What every handler of the API has: the service, who asks, and how answers address themselves. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { AskedBy } from "../model/asked-by.ts";
import type { EditConfiguration } from "../model/configuration-edit.ts";
import type { EventActor } from "../model/event.ts";
import type { Remedy } from "../model/remedy.ts";
import type { Permission, Role } from "../model/role.ts";
import type { Offers, Service } from "../service.ts";
import type { ApiLimits } from "./limits.ts";

/** Whoever was let in. */
export interface Caller {
  readonly kind: "token" | "session";
  /** Of the token, or the session. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly actor: EventActor;
  /** ISO 8601; null: until it is revoked. */
  readonly expiresAt: string | null;
  /** Identity sources that a token is good for; null: all. */
  readonly sources: readonly string[] | null;
  may(permission: Permission): boolean;
  /** Of a session, whether somebody signed in shortly before; of a token, always. */
  readonly isFresh: boolean;
}

export interface ApiEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { caller: Caller };
}
export type ApiCall = Context<ApiEnv>;

export interface ApiLog {
  error(fields: object, message: string): void;
}

/** How the face that serves the API says what helps. */
export interface Words {
  /** As a command that can be copied. */
  readonly remedy: (remedy: Remedy) => string;
  /** What to do about a code of the catalogue. */
  readonly cure: (code: string) => string;
}

/** A command line that somebody wants to be carried out here. */
export interface CommandRequest {
  readonly args: readonly string[];
  /** On the daemon's own machine: the configuration that is meant, and its text's version. */
  readonly local: { readonly config: string; readonly version: string } | null;
  readonly caller: Caller;
  readonly print: (to: "out" | "err", text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ApiContext {
  readonly service: Service;
  /** How links in answers begin; without a slash at the end. */
  readonly baseUrl: () => string;
  /** Whether only the owner of the database comes in, whose commands may name files. */
  readonly isLocal: boolean;
  /** Ends what still works for a request when the daemon stops. */
  readonly stopping: AbortSignal;
  readonly words: Words;
  /** Carries out a command line. @returns its exit status */
  readonly run: (request: CommandRequest) => Promise<number>;
  /** Changes the configuration; null: it is read-only. */
  readonly edit: EditConfiguration | null;
  /** Of faults that nobody who asks can do anything about. */
  readonly log: ApiLog;
  readonly limits: ApiLimits;
  /** What was proposed and not saved yet, whichever configuration it is answered by. */
  readonly offers: Offers;
  /** What still goes on, with or without its request: it is waited for before the process ends. */
  readonly running: Set<Promise<unknown>>;
}

/** What the face that opens the API gives it: how it says what helps, and carries out commands. */
export type Face = Pick<ApiContext, "words" | "run">;

/** Whoever asks, as the service wants to know it. */
export function askedBy({ stopping }: ApiContext, c: ApiCall): AskedBy {
  return {
    actor: c.get("caller").actor,
    signal: stopping,
    progress: () => undefined,
    note: () => undefined,
  };
}
