# The example MCP server, for compose.yaml. Build it from the root of the repository.
ARG NODE=26-slim

FROM node:${NODE} AS build
WORKDIR /build
COPY . .
RUN ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]

FROM node:${NODE}
COPY --from=build /build /app
WORKDIR /app/examples/mcp-server
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8081
USER 10001:10001
EXPOSE 8081
STOPSIGNAL SIGTERM
CMD ["node", "src/main.ts"]
