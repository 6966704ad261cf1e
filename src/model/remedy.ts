/**
 * What helps: data, so that every face can say it in its own words. The command line writes a
 * command (`cli/remedy.ts`), a page shows a button or a link.
 */
import type { StatusStep } from "./user.ts";

export type Remedy =
  | { readonly kind: "addDirectory" }
  | { readonly kind: "check" }
  | { readonly kind: "sources" }
  | { readonly kind: "import"; readonly directory: string; readonly how?: "full" | "fullDryRun" }
  | { readonly kind: "forceSync"; readonly directory: string; readonly dryRun?: boolean }
  | { readonly kind: "forceSyncUser"; readonly user: string }
  | { readonly kind: "forceSyncApp"; readonly app: string }
  /** @param counted only people whom the safeguard counts */
  | { readonly kind: "showRun"; readonly run: string; readonly counted?: boolean }
  | { readonly kind: "resumeRun"; readonly run: string }
  | {
      readonly kind: "explain";
      readonly who: string;
      readonly attribute?: string;
      readonly live?: boolean;
    }
  | {
      readonly kind: "preview";
      readonly directory: string;
      /** A login, an external id or a DN. */
      readonly who?: string;
      readonly attribute?: string;
    }
  | { readonly kind: "setValue"; readonly user: string; readonly attribute: string }
  | { readonly kind: "unsetValue"; readonly user: string; readonly attribute: string }
  | { readonly kind: "changeStatus"; readonly user: string; readonly step: StatusStep }
  | {
      readonly kind: "link";
      readonly user: string;
      readonly directory: string;
      readonly id: string;
      readonly dryRun?: boolean;
    }
  /** @param user null: somebody new */
  | {
      readonly kind: "confirm";
      readonly directory: string;
      readonly id: string;
      readonly user: string | null;
    }
  /** Of somebody whom only the administrator can name. */
  | { readonly kind: "confirmSomebody"; readonly directory: string; readonly id: string }
  | { readonly kind: "unlink"; readonly user: string; readonly directory: string }
  | { readonly kind: "ignore"; readonly directory: string; readonly id: string }
  | { readonly kind: "stopIgnoring"; readonly directory: string; readonly id: string }
  | { readonly kind: "exportUsers"; readonly columns: readonly string[] }
  | { readonly kind: "listUnmatched"; readonly directory?: string }
  | { readonly kind: "listFailing"; readonly directory?: string }
  | { readonly kind: "push"; readonly app: string; readonly user?: string }
  | { readonly kind: "showPush"; readonly push: string; readonly counted?: boolean }
  | { readonly kind: "showApp"; readonly app: string }
  | { readonly kind: "checkApp"; readonly app: string }
  | { readonly kind: "assign"; readonly app: string; readonly user: string }
  | {
      readonly kind: "previewApp";
      readonly app: string;
      readonly user?: string;
      readonly attribute?: string;
    }
  | { readonly kind: "listTasks"; readonly app: string }
  | { readonly kind: "retryTasks"; readonly app: string }
  | { readonly kind: "unknownAccounts"; readonly app: string }
  /** Events about somebody or something, however old. */
  | { readonly kind: "events"; readonly target: string };
