# forwardpass on Alpine. From the folder of a project that depends on forwardpass, with its lockfile:
#
#   docker build -f alpine.Dockerfile -t scorer . && docker run --rm --read-only scorer
#
# No compiler, no package of the system, no script of a package: the binary comes with forwardpass.
FROM node:22-alpine AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:22-alpine
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json server.js model.safetensors ./
USER node
CMD ["node", "server.js"]
