import type { ComponentChildren, JSX } from "preact";

/**
 * A button that can be off without losing the focus: whoever pressed it by the keyboard would have to find
 * the way to it again. It is told to be off, and does nothing.
 */
export function Button({
  isOff = false,
  type = "button",
  onClick,
  children,
  ...more
}: {
  readonly isOff?: boolean;
  readonly type?: "button" | "submit";
  readonly onClick?: () => void;
  readonly class?: string;
  readonly "aria-label"?: string;
  readonly "aria-pressed"?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const press = (event: Event): void => {
    // Also the way of Enter in a field: no form is sent by a button that is off.
    if (isOff) event.preventDefault();
    else onClick?.();
  };
  return (
    <button type={type} aria-disabled={isOff} onClick={press} {...more}>
      {children}
    </button>
  );
}
