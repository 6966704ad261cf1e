/**
 * The web console's built files, read once and served from memory. What is not one of them is an
 * address of the console's own, which its page knows what to do with.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import type { Answering } from "./server.ts";

/** From the sources, or a part of the bundle; and from the bundle itself. */
const FOLDERS = ["../../console/built/", "../console/built/"];

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing but our own files, nowhere inside another page, and no text becomes a script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

interface File {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly tag: string;
}

const NOT_BUILT = `<!doctype html><html lang="en"><title>Rollcall</title><h1>The console was not built</h1>
<p>In a checkout, <code>npm run build:console</code> builds it; then start the daemon again.</p></html>`;

export async function loadConsole(): Promise<Answering> {
  const files = await builtFiles();
  const page = files.get("index.html") ?? fileOf("index.html", Buffer.from(NOT_BUILT));
  const app = new Hono();
  app.get("/console/*", (c) => {
    const name = c.req.path.slice("/console/".length);
    // Logins have dots, too: what somebody opens is a page, what a page asks for is a file.
    const isOpened = c.req.header("accept")?.includes("text/html") === true;
    const file = files.get(name) ?? (isOpened || extname(name) === "" ? page : null);
    c.header("Content-Security-Policy", POLICY);
    c.header("Cross-Origin-Opener-Policy", "same-origin");
    c.header("Referrer-Policy", "no-referrer");
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Cache-Control", "no-cache");
    if (file === null) return c.text("There is no such file.", 404);
    c.header("ETag", file.tag);
    if (c.req.header("if-none-match") === file.tag) return c.body(null, 304);
    return c.body(file.bytes, 200, { "Content-Type": file.type });
  });
  return app;
}

async function builtFiles(): Promise<Map<string, File>> {
  for (const place of FOLDERS) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => null);
    if (found === null) continue;
    const files = new Map<string, File>();
    for (const one of found.filter((each) => each.isFile())) {
      const path = join(one.parentPath, one.name);
      const name = path.slice(folder.length);
      files.set(name, fileOf(name, await readFile(path)));
    }
    if (files.has("index.html")) return files;
  }
  return new Map();
}

function fileOf(name: string, bytes: Buffer<ArrayBuffer>): File {
  const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { bytes, type: TYPES[extname(name)] ?? "application/octet-stream", tag };
}
