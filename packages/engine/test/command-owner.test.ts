import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPlace } from "../src/processes/command-place.ts";
import { connectCommands } from "../src/processes/command-socket.ts";
import { acquireOwnership } from "../src/processes/ownership.ts";
import { all, atEnd, dial, here, serve, servingChild } from "./fixtures/served-database.ts";

describe("coming and going", () => {
  it("says that nobody serves: never, no more, or killed", async () => {
    await expect(dial()).rejects.toMatchObject({ code: "command-no-owner", details: { mayBeApplied: false } });
    const child = await servingChild();
    await child.kill();
    expect(existsSync(`${here.dbPath}.sock`)).toBe(true);
    await expect(dial()).rejects.toMatchObject({ code: "command-no-owner" });
    const next = await servingChild();
    expect(await next.ask("close")).toBe("closed");
    expect(readdirSync(here.folder)).toEqual(["app.db.owner"]);
    await expect(dial()).rejects.toMatchObject({ code: "command-no-owner" });
  });

  it("tells open requests that their owner was killed, and new ones that they were not sent", async () => {
    const child = await servingChild();
    const client = await dial();
    const call = client.call("hang", 0);
    const reading = client.stream("count", 0)[Symbol.asyncIterator]();
    await reading.next();
    expect(await child.line()).toBe("hanging");
    child.process.kill("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "command-owner-gone", details: { mayBeApplied: true } });
    await expect(all({ [Symbol.asyncIterator]: () => reading })).rejects.toMatchObject({
      code: "command-owner-gone",
    });
    await client.closed;
    await expect(client.call("echo", 0)).rejects.toMatchObject({
      code: "command-owner-gone",
      details: { mayBeApplied: false },
    });
  });

  it("closes in order: streams end, open calls are answered, new ones are refused", async () => {
    const release = Promise.withResolvers<string>();
    const server = await serve(async ({ method }, { send }) => {
      if (method === "call") return release.promise;
      await send("first");
      return new Promise(() => {});
    });
    const client = await dial();
    const call = client.call("call", 0);
    const reading = client.stream("stream", 0)[Symbol.asyncIterator]();
    expect(await reading.next()).toEqual({ done: false, value: "first" });
    const closed = server.close();
    expect(existsSync(`${here.dbPath}.sock`)).toBe(false);
    await expect(reading.next()).rejects.toMatchObject({ code: "command-closing" });
    await expect(client.call("call", 0)).rejects.toMatchObject({ code: "command-closing" });
    release.resolve("answered");
    expect(await call).toBe("answered");
    await closed;
    await client.closed;
  });

  it("does not wait for ever for a call that never ends", async () => {
    const server = await serve(() => new Promise(() => {}));
    const call = (await dial()).call("x", 0);
    const failed = expect(call).rejects.toMatchObject({ code: "command-owner-gone" });
    await server.close({ graceMs: 20 });
    await failed;
  });

  it("refuses to serve beside a living owner whose lock was lost", async () => {
    await servingChild();
    rmSync(`${here.dbPath}.owner`);
    const ownership = acquireOwnership(here.dbPath);
    atEnd(() => ownership?.release());
    expect(ownership).toBeDefined();
    await expect(serve(async () => 0)).rejects.toMatchObject({ code: "command-still-served" });
    expect(await (await dial()).call("echo", 5)).toBe(5);
  });

  it("does not remove the socket of whoever came after", async () => {
    const first = await serve(async () => "first");
    rmSync(`${here.dbPath}.sock`);
    await serve(async () => "second");
    await first.close();
    expect(await (await dial()).call("x", 0)).toBe("second");
  });

  it("times out on an owner that is stopped, and leaves it alone", async () => {
    const child = await servingChild();
    child.process.kill("SIGSTOP");
    const dialling = connectCommands(here.dbPath, { timeoutMs: 50 });
    await expect(dialling).rejects.toMatchObject({ code: "command-timeout", details: { mayBeApplied: false } });
    child.process.kill("SIGCONT");
    expect(await (await dial()).call("echo", 1)).toBe(1);
  });
});

describe("places", () => {
  it("opens the socket to its user only, whatever the umask, and leaves nothing else", async () => {
    await servingChild();
    expect(statSync(`${here.dbPath}.sock`).mode & 0o777).toBe(0o600);
    expect(readdirSync(here.folder).sort()).toEqual(["app.db.owner", "app.db.sock"]);
  });

  it("goes to a private folder when the path is too long for a socket, and clears up after a killed owner", async () => {
    const deep = join(here.folder, "a-folder-with-a-rather-long-name".repeat(3));
    mkdirSync(deep);
    here.dbPath = join(deep, "app.db");
    const child = await servingChild();
    const address = findPlace(here.dbPath) ?? "";
    expect(lstatSync(`${here.dbPath}.sock`).isSymbolicLink()).toBe(true);
    expect([statSync(address).mode & 0o777, statSync(dirname(address)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await (await dial()).call("echo", 1)).toBe(1);
    await child.kill();
    await expect(dial()).rejects.toMatchObject({ code: "command-no-owner" });
    const next = await servingChild();
    expect(existsSync(dirname(address))).toBe(false);
    const after = findPlace(here.dbPath) ?? "";
    expect(await (await dial()).call("echo", 2)).toBe(2);
    expect(await next.ask("close")).toBe("closed");
    expect(existsSync(dirname(after))).toBe(false);
    expect(readdirSync(deep)).toEqual(["app.db.owner"]);
  });

  it("replaces what a killed owner left half-way", async () => {
    mkdirSync(`${here.dbPath}.sock.new`);
    writeFileSync(join(`${here.dbPath}.sock.new`, "s"), "");
    await serve(async () => 1);
    expect(readdirSync(here.folder)).toEqual(["app.db.sock"]);
  });

  it("does not touch a file that has the name it needs", async () => {
    writeFileSync(`${here.dbPath}.sock`, "mine");
    await expect(serve(async () => 1)).rejects.toMatchObject({ code: "command-place" });
    await expect(dial()).rejects.toMatchObject({ code: "command-no-owner" });
  });
});

describe("what has arrived", () => {
  it("is handed over before a timer that waits for it goes on", async () => {
    const seen: unknown[] = [];
    const server = await serve(async ({ params }) => seen.push(params));
    const client = await dial();
    await client.call("x", "warm");
    for (let round = 0; round < 50; round += 1) {
      seen.length = 0;
      // The timer is due before the loop looks at its sockets: the order that would let a timeout win.
      const fired = new Promise<void>((resolve) => setTimeout(resolve, 1));
      const call = client.call("x", round);
      const until = performance.now() + 2;
      while (performance.now() < until);
      await fired;
      await server.settleArrived();
      expect(seen).toEqual([round]);
      await call;
    }
  });
});
