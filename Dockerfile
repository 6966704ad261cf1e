# What the program is built from, what it needs besides to run, what of a system Node needs, and an image of
# just these: no shell, no package manager, no secret. NODE may name an image by its digest, as releases do.
ARG NODE=node:24-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin ./bin
RUN npm ci --ignore-scripts
COPY rolldown.config.ts tsconfig.json ./
COPY src ./src
COPY console ./console
RUN npm run build

FROM ${NODE} AS needed
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin ./bin
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM ${NODE} AS system
RUN mkdir -p /image/usr/local/bin /image/etc /image/tmp /image/var/lib/rollcall \
 && cp -L "$(command -v node)" /image/usr/local/bin/node \
 && ldd /image/usr/local/bin/node | grep -o '/[^ )]*' | sort -u | xargs -I LIBRARY cp -L --parents LIBRARY /image \
 && printf 'rollcall:x:1000:1000::/var/lib/rollcall:/\n' > /image/etc/passwd \
 && printf 'rollcall:x:1000:\n' > /image/etc/group \
 && printf 'hosts: files dns\n' > /image/etc/nsswitch.conf \
 && chmod 1777 /image/tmp && chown 1000:1000 /image/var/lib/rollcall

FROM scratch
ENV NODE_ENV=production PATH=/usr/local/bin ROLLCALL_CONFIG=/etc/rollcall/rollcall.yaml
COPY --from=system /image /
WORKDIR /app
COPY --from=needed /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/console/built ./console/built
COPY package.json ./
COPY bin/rollcall.js ./bin/
# Compiles once, as root, what every start would compile again; nobody else can change it.
RUN ["node", "--max-semi-space-size=8", "dist/main.js", "evaluate"]
USER 1000:1000
WORKDIR /var/lib/rollcall
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/bin/rollcall.js"]
CMD ["serve"]
