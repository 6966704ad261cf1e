/** One question with one answer: the login, and what comes before it. */
import { BerError } from "./ber.ts";
import { unusableBy } from "./password-policy.ts";
import { readControls, readResult, type Result } from "./result.ts";
import type { Meaning } from "./windows-words.ts";
import { NOT_ASKED, type Message, type Receiver, type Wire } from "./wire.ts";

export interface Question {
  readonly messageId: number;
  /** The whole message. */
  readonly request: Buffer;
  /** Tag of the operation that answers. */
  readonly answer: number;
  /** As in "logging in". */
  readonly doing: string;
}

export interface Answer extends Result {
  /** Why the account that logged in, or tried to, cannot be used; null: the server does not say so. */
  readonly unusable: Meaning | null;
}

/** Far more than any server says about a login. */
const MAX_ANSWER = 256 * 1024;

/**
 * @param question with the seconds of silence until the server counts as dead
 * @throws RollcallError if the connection or the protocol fails; the signal's reason
 */
export async function exchange(
  wire: Wire,
  question: Question & { readonly patience: number },
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const receiver: Receiver = {
    doing: question.doing,
    patience: question.patience,
    maxMessage: MAX_ANSWER,
    message: ({ id, tag, cursor }: Message) => {
      if (id !== question.messageId || tag !== question.answer) throw new BerError(NOT_ASKED);
      const result = readResult(cursor.enter(tag));
      resolve({ ...result, unusable: unusableBy(readControls(cursor), result.code) });
      wire.end();
    },
    failed: reject,
  };
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    wire.begin(receiver);
    wire.send(question.request);
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
