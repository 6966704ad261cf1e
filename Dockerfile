# Three stages: what the program is built from, what it needs besides to run, and what carries both. No
# secret belongs in here.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin ./bin
RUN npm ci --ignore-scripts
COPY rolldown.config.ts tsconfig.json ./
COPY src ./src
RUN npm run build

FROM node:24-slim AS needed
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin ./bin
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24-slim
ENV NODE_ENV=production ROLLCALL_CONFIG=/etc/rollcall/rollcall.yaml
WORKDIR /app
COPY --from=needed /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY bin/rollcall.js ./bin/
# Compiles once, as root, what every start would compile again; nobody else can change it.
RUN mkdir -p /var/lib/rollcall && chown 1000:1000 /var/lib/rollcall \
 && node --max-semi-space-size=8 dist/main.js evaluate < /dev/null
USER 1000:1000
WORKDIR /var/lib/rollcall
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/bin/rollcall.js"]
CMD ["serve"]
