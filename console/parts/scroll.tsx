/** What may be wider than the screen: it is moved by itself, by keys, too. */
import type { ComponentChildren } from "preact";

interface ScrollProps {
  /** What it is, for whoever hears it. */
  readonly label: string;
  readonly children: ComponentChildren;
}

export function Scroll({ label, children }: ScrollProps) {
  return (
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
