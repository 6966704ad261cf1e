/**
 * The doors through which data leaves: a terminal, JSON, CSV. Whatever directories and apps hold may
 * steer a terminal, write a line of its own or turn the direction of writing; here it is made visible,
 * so no caller has to think of it.
 */

/** Controls, and what changes the direction of writing or begins a line. */
const STEERING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** The same, but for the line ends and tabs of a text of several lines. */
const STEERING_A_TEXT = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** Besides, in JSON, where an escape loses nothing: all that nobody sees. */
const UNSEEN = /[\u007f-\u009f\p{Cf}\u2028\u2029\p{Default_Ignorable_Code_Point}]/gu;

function byNumber(sign: string): string {
  return `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** A value as one line of text. */
export function visible(text: string): string {
  return text.replaceAll(STEERING, byNumber);
}

/** A text of ours, of one or several lines, whatever stands in it. */
export function visibleText(text: string): string {
  return text.replaceAll(STEERING_A_TEXT, byNumber);
}

/** Lines of a format for programs, whose values were made safe one by one. */
export function visibleLines(text: string): string {
  return text.replaceAll(/(?![\r\n\t])\p{Cc}/gu, byNumber);
}

/** JSON that is the same value, and ASCII where nobody would see what stands there. */
export function safeJson(value: unknown, indent?: number): string {
  return safeJsonText(JSON.stringify(value, null, indent));
}

/** The same of a text that is JSON already: such signs stand in its strings only. */
export function safeJsonText(json: string): string {
  return json.replaceAll(UNSEEN, (signs) =>
    signs
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
