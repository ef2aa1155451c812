// Restate on one node: its server from npm, a service with its SDK in this process, asked over the ingress by HTTP.
// Boundary: the server's own settings, in which RocksDB syncs its write-ahead log; only where it listens is set, because by
// itself it listens on every interface. Invariants: server, service and client are on the loopback; the data lies in the
// trial's folder; the server ends with this process.
import { spawn } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http2";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createEndpointHandler, service } from "@restatedev/restate-sdk";
import { countUp, found, labels, madeOf } from "./four-steps.mjs";
import { endWithUs, freePort, megabytesOf } from "./server.mjs";

/** A value above its limit of 32 MiB is tried again and again: after so long it counts as refused. */
const carryMs = 30_000;
const readyMs = 60_000;

const bench = service({
  name: "bench",
  handlers: {
    async four(ctx, begin) {
      let last = begin;
      for (const label of labels) {
        const { n } = last;
        last = await ctx.run(label, () => countUp(n, label));
      }
      return last;
    },
    async carry(ctx, kind) {
      const value = await ctx.run("make", () => ({ held: madeOf(kind) }));
      return ctx.run("look", () => found(value.held));
    },
  },
});

export async function open(folder) {
  const server = await startServer(join(folder, "restate"), join(folder, "restate.toml"));
  const endpoint = createServer(createEndpointHandler({ services: [bench], logger() {} }));
  await new Promise((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  const uri = `http://127.0.0.1:${endpoint.address().port}`;
  await posted(`${server.admin}/deployments`, { uri });
  return {
    four: () => posted(`${server.ingress}/bench/four`, { n: 0 }),
    async carry(kind) {
      try {
        return await posted(`${server.ingress}/bench/carry`, kind, AbortSignal.timeout(carryMs));
      } catch (error) {
        const query = "SELECT last_failure FROM sys_invocation WHERE last_failure IS NOT NULL";
        const { rows } = await posted(`${server.admin}/query`, { query });
        throw new Error(rows[0]?.last_failure ?? error.message, { cause: error });
      }
    },
    serverMb: () => megabytesOf(server.pid),
    storedBytes: async () => allocatedIn(join(folder, "restate")),
    async close() {
      await server.end();
      endpoint.close();
    },
  };
}

async function startServer(baseDir, configFile) {
  const [fabric, ingress, admin] = [await freePort(), await freePort(), await freePort()];
  const listens = (port) => [`bind-address = "127.0.0.1:${port}"`, `advertised-address = "http://127.0.0.1:${port}"`];
  const config = [...listens(fabric), "[ingress]", ...listens(ingress), "[admin]", ...listens(admin)];
  writeFileSync(configFile, config.join("\n"));
  const where = createRequire(createRequire(import.meta.url).resolve("@restatedev/restate-server/package.json"));
  const child = spawn(
    where.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`),
    ["--node-name", "bench", "--base-dir", baseDir, "--config-file", configFile, "--listen-mode", "tcp", "--no-logo"],
    { env: { ...process.env, RESTATE_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "1" }, stdio: "ignore" },
  );
  const end = endWithUs(child);
  const urls = { admin: `http://127.0.0.1:${admin}`, ingress: `http://127.0.0.1:${ingress}` };
  for (const url of [`${urls.admin}/health`, `${urls.ingress}/restate/health`]) await untilHealthy(url, child);
  return { ...urls, pid: child.pid, end };
}

async function untilHealthy(url, child) {
  for (const until = performance.now() + readyMs; ; await sleep(20)) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    if (child.exitCode !== null || performance.now() > until) throw new Error("restate-server did not become ready");
  }
}

async function posted(url, body, signal) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/** Blocks on the disk: its logs are set aside before they are used. */
function allocatedIn(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks * 512, 0);
}
