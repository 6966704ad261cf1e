import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { seeded } from "./people.ts";

export interface ByteProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that have passed so far in the direction that is counted, over all connections. */
  passed(): number;
}

export interface ProxyFault {
  /** After so many bytes. */
  readonly after: number;
  /** Of what clients send, or of what the server answers. */
  readonly counting: "sent" | "answered";
  /**
   * cut: all connections end, now and from here on · silence: they stay and nothing passes · garbage:
   * random bytes instead of the server's · late: answers take a while · pass: nothing changes.
   */
  readonly then: "cut" | "silence" | "garbage" | "late" | "pass";
  readonly onLimit?: () => void;
}

/**
 * A TCP proxy in which something goes wrong once so many bytes have passed. So a fault comes at
 * the same point of the work however fast the machine is.
 */
export async function startByteProxy(
  to: { readonly host: string; readonly port: number },
  fault: ProxyFault,
): Promise<ByteProxy> {
  const line = new Line(fault);
  const server = createServer((client) => line.open(client, connect(to.port, to.host)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => line.passed,
    [Symbol.asyncDispose]: async () => {
      line.cut();
      server.close();
      await once(server, "close");
    },
  };
}

const LATE_MS = 200;

class Line {
  readonly #fault: ProxyFault;
  readonly #sockets = new Set<Socket>();
  readonly #random = seeded(1);
  #broken = false;
  passed = 0;

  constructor(fault: ProxyFault) {
    this.#fault = fault;
  }

  open(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => this.#pass("sent", chunk, upstream));
    upstream.on("data", (chunk) => this.#pass("answered", chunk, client));
    if (this.#broken && this.#fault.then === "cut") client.destroy();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(direction: ProxyFault["counting"], chunk: Buffer, to: Socket): void {
    const { counting, after, then, onLimit } = this.#fault;
    if (counting === direction) {
      this.passed += chunk.length;
      if (!this.#broken && this.passed >= after) {
        this.#broken = true;
        onLimit?.();
      }
    }
    if (!this.#broken || then === "pass") to.write(chunk);
    else if (then === "cut") this.cut();
    else if (then === "garbage" && direction === "answered")
      to.write(chunk.map(() => Math.floor(this.#random() * 256)));
    else if (then === "late" && direction === "answered")
      setTimeout(() => to.write(chunk), LATE_MS);
    else if (then === "garbage" || then === "late") to.write(chunk);
  }
}
