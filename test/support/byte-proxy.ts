import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface ByteProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent so far, over all connections. */
  sent(): number;
}

/**
 * A TCP proxy that cuts every connection, and calls `onLimit`, once clients have sent so many
 * bytes. So a fault comes at the same point of the work however fast the machine is.
 */
export async function startByteProxy(
  to: { readonly host: string; readonly port: number },
  limit: number,
  onLimit: () => void,
): Promise<ByteProxy> {
  const sockets = new Set<Socket>();
  let sent = 0;
  let cut = false;
  const server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.on("data", (chunk) => {
      sent += chunk.length;
      if (sent < limit) {
        upstream.write(chunk);
        return;
      }
      if (!cut) {
        cut = true;
        onLimit();
      }
      for (const socket of sockets) socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
