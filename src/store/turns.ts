import { setImmediate as turn } from "node:timers/promises";
import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";

/** How long statements may follow each other before anything else has its turn. */
const LONGEST_MS = 20;

/**
 * Of a database in the same process every answer is there at once: as long as statements follow each other, no
 * timer, no signal and no request would ever have its turn. Behind a statement, from time to time, they have.
 */
export class Turns implements KyselyPlugin {
  #last = performance.now();

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    if (performance.now() - this.#last >= LONGEST_MS) {
      await turn();
      this.#last = performance.now();
    }
    return result;
  }
}
