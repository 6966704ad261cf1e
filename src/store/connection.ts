import type { Kysely, Transaction } from "kysely";
import type { Tables } from "./tables.ts";

export type Connection = Kysely<Tables>;

export type Trx = Transaction<Tables>;
