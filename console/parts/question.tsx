/** A button that asks for a word before it acts. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Confirm } from "./confirm.tsx";

interface QuestionProps {
  readonly button: string;
  /** For whoever hears the button alone. */
  readonly label?: string;
  readonly title: string;
  readonly verb: string;
  /** Of the field; null: there is none. */
  readonly field: string | null;
  readonly first?: string;
  /** Whether it holds several values, one a line. */
  readonly isList?: boolean;
  /** Whether nothing is not enough. */
  readonly isRequired?: boolean;
  readonly act: (text: string) => Promise<unknown>;
  readonly children?: ComponentChildren;
}

export function Question(props: QuestionProps) {
  const {
    button,
    label,
    title,
    verb,
    field,
    first = "",
    isList,
    isRequired,
    act,
    children,
  } = props;
  const [text, setText] = useState<string | null>(null);
  return (
    <>
      <button type="button" aria-label={label} onClick={() => setText(first)}>
        {button}
      </button>
      {text !== null && (
        <Confirm
          title={title}
          verb={verb}
          count={null}
          act={() => act(text)}
          close={() => setText(null)}
        >
          {children}
          {field !== null && (
            <label>
              {field}
              {isList === true ? (
                <textarea
                  rows={5}
                  value={text}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              ) : (
                <input
                  value={text}
                  required={isRequired}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              )}
            </label>
          )}
        </Confirm>
      )}
    </>
  );
}
