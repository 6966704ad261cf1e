import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { RollcallError } from "../model/errors.ts";
import type { ApiEnv } from "./context.ts";

/** Of a body; whoever sends more sends something else. */
const MOST_BYTES = 1024 * 1024;

/** Refuses a body that is too large, before it is kept. @throws RollcallError `request.tooLarge` */
export const mostBytes: MiddlewareHandler<ApiEnv> = bodyLimit({
  maxSize: MOST_BYTES,
  onError: (c) => {
    // The rest of it is not read.
    c.header("Connection", "close");
    throw new RollcallError("request.tooLarge", "The body has more than 1 MiB.");
  },
});
