/**
 * Tells a chat channel of held imports and pushes. Between a hook of Rollcall and the channel's
 * incoming webhook (Slack, Mattermost, Teams and others take {"text": …}); needs Node 20, nothing else.
 *
 *   CHAT_URL=https://hooks.example.com/… HOOK_SECRET=… PORT=8088 node chat-relay.js
 *
 *   hooks:
 *     chat:
 *       url: http://127.0.0.1:8088/
 *       secret: "${HOOK_SECRET}"
 *       filter: 'eventType eq "system.import.roadblock"'
 */
import { createServer } from "node:http";

const { CHAT_URL, HOOK_SECRET, PORT = "8088" } = process.env;
if (!CHAT_URL || !HOOK_SECRET) throw new Error("Set CHAT_URL and HOOK_SECRET.");

const lineOf = ({ displayMessage, outcome, target, transaction }) =>
  `${displayMessage}: ${target.at(-1)?.displayName ?? "?"}. ${outcome.reason ?? ""}\n` +
  `Look at it: rollcall imports show ${transaction.id} --counted`;

async function answer(request, response) {
  if (request.headers.authorization !== HOOK_SECRET) return response.writeHead(401).end();
  const challenge = request.headers["x-okta-verification-challenge"];
  if (request.method === "GET") {
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ verification: challenge }));
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const text = JSON.parse(body).data.events.map(lineOf).join("\n\n");
  const chat = await fetch(CHAT_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  // Rollcall sends again what was not taken.
  return response.writeHead(chat.ok ? 204 : 502).end();
}

createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(500).end());
}).listen(Number(PORT), "127.0.0.1");
