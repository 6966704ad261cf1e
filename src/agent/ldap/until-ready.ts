import type { Socket } from "node:net";

/**
 * Waits until a socket is connected, or its TLS stands. Afterwards somebody listens to its errors
 * for ever: without a listener, an error ends the process.
 * @throws Error of the socket; with the name TimeoutError if it takes longer; the signal's reason
 */
export async function untilReady(
  socket: Socket,
  event: "connect" | "secureConnect",
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  socket.on("error", () => undefined);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(new Error("the connection was closed"));
  const onAbort = (): void => reject(signal.reason);
  const timer = setTimeout(() => {
    reject(new DOMException("no answer in time", "TimeoutError"));
  }, seconds * 1000);
  socket.once(event, resolve).once("error", reject).once("close", onClose);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off(event, resolve).off("error", reject).off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  }
}
