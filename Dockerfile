# One image for every process; the command chooses which.
FROM node:24-alpine AS build
WORKDIR /rushes
ENV CI=true
RUN npm install --global pnpm@12.21.0
COPY . .
RUN pnpm install --frozen-lockfile && pnpm build && pnpm install --frozen-lockfile --prod

FROM node:24-alpine
WORKDIR /rushes
ENV NODE_ENV=production
COPY --from=build --chown=node:node /rushes ./
USER node
CMD ["node", "apps/api/dist/main.js"]
