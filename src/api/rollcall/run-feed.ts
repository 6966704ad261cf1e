/** What runs do, looked at once for all who watch. */
import type { ApiContext } from "../context.ts";
import { anyRunDocument } from "./runs.ts";

/** A run as it is now, as JSON. */
export interface RunNews {
  readonly run: string;
  readonly text: string;
}

const LOOK_EVERY_MS = 1000;

export class RunFeed {
  readonly #context: ApiContext;
  readonly #listeners = new Set<(news: readonly RunNews[]) => void>();
  #known = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  /** @returns ends it */
  listen(listener: (news: readonly RunNews[]) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === null) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#known.clear();
    };
  }

  #begin(): void {
    let first = true;
    const look = async (): Promise<void> => {
      // What stands already is told by the list of runs; this tells what changes.
      await this.#look(!first).catch(() => undefined);
      first = false;
      if (this.#timer !== null) this.#timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    this.#timer = setTimeout(() => void look(), 0);
  }

  async #look(isTold: boolean): Promise<void> {
    const now = new Map<string, string>();
    for (const one of await this.#context.service.runs.recent()) {
      const document = await anyRunDocument(this.#context, one);
      now.set(document.run, JSON.stringify(document));
    }
    const news = [...now].flatMap(([run, text]) =>
      this.#known.get(run) === text ? [] : [{ run, text }],
    );
    this.#known = now;
    if (isTold && news.length > 0) for (const listener of this.#listeners) listener(news);
  }
}
