import { say } from "../texts.ts";

/** A state as text and colour; never as colour alone. */
const TONES: Readonly<Record<string, string>> = {
  done: "good",
  active: "good",
  ACTIVE: "good",
  SUCCESS: "good",
  running: "busy",
  held: "warn",
  warning: "warn",
  STAGED: "warn",
  SUSPENDED: "warn",
  interrupted: "warn",
  failed: "bad",
  error: "bad",
  FAILURE: "bad",
  removed: "bad",
  lost: "bad",
};

export function Badge({ of }: { readonly of: string }) {
  return <span class={`badge ${TONES[of] ?? "plain"}`}>{say().states[of] ?? of}</span>;
}
