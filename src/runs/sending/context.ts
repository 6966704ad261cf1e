import type { Desk } from "../../engine/accounts/desk.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AskedBy } from "../../model/asked-by.ts";
import type { Provisioner } from "../../provisioning/provisioner.ts";
import type { AppRules } from "../../reconciler/app-rules.ts";
import type { Lease } from "../../store/leases.ts";

/** An app that this process has for itself: the only one that sends to it. */
export interface ClaimedApp extends AskedBy {
  readonly engine: Engine;
  readonly app: AppRules;
  readonly lease: Lease;
}

/** One push of a claimed app. */
export interface PushContext extends ClaimedApp {
  readonly run: { readonly id: string; readonly now: number };
  readonly desk: Desk;
  readonly provisioner: Provisioner;
}
