# One image for every process; the command chooses which.
#
# Debian slim, not Alpine: Node's supported builds are for glibc, the tests run on them, and Alpine's builds for musl are
# experimental. The base layer is larger for it, but it is fetched once per machine and not once per release.
FROM node:24-bookworm-slim AS build
WORKDIR /rushes
ENV CI=true
RUN npm install --global pnpm@12.21.0

# Changes with the lockfile only, so that a change of sources downloads nothing.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch --ignore-scripts

COPY tsconfig.base.json ./
COPY apps apps
COPY packages packages
# Without scripts: the development dependency `node` would fetch a second Node.
RUN pnpm install --offline --frozen-lockfile --ignore-scripts
RUN pnpm exec tsc -b apps/api apps/worker apps/board apps/sandbox

# The same packages once more, but only those that the four processes run with.
RUN rm -rf node_modules apps/*/node_modules packages/*/node_modules \
 && pnpm install --offline --frozen-lockfile --ignore-scripts --prod \
      --filter-prod "@rushes/api..." --filter-prod "@rushes/worker..." \
      --filter-prod "@rushes/board..." --filter-prod "@rushes/sandbox..."

# And of those only what runs: no sources, no types, no source maps. Node reads no .ts file below node_modules. What the
# compiler has not built for one of the four, none of them imports.
RUN for place in apps/* packages/*; do [ -d "$place/dist" ] || rm -rf "$place"; done \
 && find apps packages -mindepth 2 -maxdepth 2 \
      ! -name dist ! -name package.json ! -name node_modules ! -name scripts ! -name assets -exec rm -rf {} + \
 && find apps packages node_modules -type f \
      \( -name "*.ts" -o -name "*.mts" -o -name "*.cts" -o -name "*.map" -o -name "*.md" -o -name "*.tsbuildinfo" \) -delete \
 && find apps packages node_modules -type d -empty -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="rushes" \
      org.opencontainers.image.description="Orders for AI videos become finished files in your own bucket, each paid once." \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
WORKDIR /rushes
# Where the sandbox writes its tasks down. A new volume mounted here takes over the owner.
RUN install -d -o 1000 -g 1000 /state
# What changes with the lockfile comes first and is pulled once; the rest are a few megabytes. All of it belongs to root.
COPY --from=build /rushes/node_modules node_modules
COPY --from=build /rushes/packages packages
COPY --from=build /rushes/apps apps
# The image's user `node`, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
CMD ["node", "apps/api/dist/main.js"]
