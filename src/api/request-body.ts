/** What is refused of a request before anybody reads it. */
import { isUtf8 } from "node:buffer";
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

/**
 * Refuses a body that is no UTF-8, as JSON is (RFC 8259, 8.1): read as if it were, different names would
 * become the same one. @throws RollcallError `request.invalid`
 */
export const onlyUtf8: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.raw.body !== null && !isUtf8(Buffer.from(await c.req.arrayBuffer()))) {
    const message = "The request body was not well-formed: its bytes are no UTF-8.";
    throw new RollcallError("request.invalid", message);
  }
  await next();
};
