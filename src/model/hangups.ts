/** Tells "hangup" when a daemon is to read its configuration again. */
export class Hangups extends EventTarget {
  /** Whether one was told; whoever begins to listen later has to look. */
  isPending = false;

  tell(): void {
    this.isPending = true;
    this.dispatchEvent(new Event("hangup"));
  }
}
