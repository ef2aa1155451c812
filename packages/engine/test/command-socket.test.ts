import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { PlumblineError } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { all, atEnd, dial, here, raw, serve, servingChild } from "./fixtures/served-database.ts";

const HELLO = `${JSON.stringify({ kind: "hello", protocol: 2, pid: 1 })}\n`;

const hashOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

describe("calls", () => {
  it("carries values both ways, undefined included, between processes", async () => {
    const child = await servingChild();
    const client = await dial();
    expect(client.ownerPid).toBe(child.process.pid);
    expect(await client.call("pid", undefined)).toBe(child.process.pid);
    const value = { text: "ä\n☃", list: [1, null, { deep: true }], proto: JSON.parse('{"__proto__": 1}') };
    expect(await client.call("echo", value)).toEqual(value);
    expect(await client.call("echo", undefined)).toBeUndefined();
  });

  it("hands requests over in the order in which they were sent, and lets answers overtake", async () => {
    const seen: unknown[] = [];
    const slow = Promise.withResolvers<void>();
    await serve(async ({ params }) => {
      seen.push(params);
      if (params === 0) await slow.promise;
      else if (params === 99) slow.resolve();
      return params;
    });
    const client = await dial();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => client.call("n", index)));
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(answers).toEqual(seen);
  });

  it("brings errors across as errors, with their fields", async () => {
    await serve(async ({ method }) => {
      if (method === "coded") {
        throw new PlumblineError("approval-early", "decided already", {
          path: "verdict",
          mend: "look",
          details: { by: 7 },
        });
      }
      if (method === "plain") throw new RangeError("no such page");
      if (method === "odd") throw "a string";
      return { big: 10n };
    });
    const client = await dial();
    const coded = await client.call("coded", null).catch((error: unknown) => error);
    expect(coded).toBeInstanceOf(Error);
    expect(coded).toMatchObject({
      code: "approval-early",
      what: "decided already",
      path: "verdict",
      mend: "look",
      details: { by: 7 },
    });
    await expect(client.call("plain", null)).rejects.toMatchObject({ code: "internal", what: "no such page" });
    await expect(client.call("odd", null)).rejects.toMatchObject({ code: "internal", what: "a string" });
    await expect(client.call("bigint", null)).rejects.toMatchObject({ code: "command-not-json" });
    await expect(client.call("x", { bad: 1n })).rejects.toMatchObject({ code: "command-not-json" });
  });

  it("refuses frames that are too large, on either side, and goes on", async () => {
    await serve(async ({ method }) => (method === "large" ? "x".repeat(2_000) : "small"), { frameBytes: 1_000 });
    const client = await dial({ frameBytes: 1_500, requestBytes: 2_000 });
    await expect(client.call("x", "y".repeat(2_000))).rejects.toMatchObject({ code: "command-frame-too-large" });
    await expect(client.call("large", 0)).rejects.toMatchObject({ code: "command-frame-too-large" });
    expect(await client.call("x", 0)).toBe("small");
  });

  it("carries a request that is larger than a frame in parts, pairs and escapes whole, among others of the line", async () => {
    const limits = { frameBytes: 1_000, requestBytes: 200_000 };
    const seen: unknown[] = [];
    await serve(async ({ method, params }) => {
      seen.push(method);
      return typeof params === "string" ? params.length : hashOf(params);
    }, limits);
    const client = await dial(limits);
    const large = {
      text: 'x\ud83d\ude00"\\\n\u0001ä'.repeat(2_000),
      lone: "\ud83d",
      proto: JSON.parse('{"__proto__": 1}'),
    };
    const answers = [
      client.call("a", "one"),
      client.call("b", large),
      client.call("c", "three"),
      client.call("d", [large]),
    ];
    expect(await Promise.all(answers)).toEqual([3, hashOf(large), 5, hashOf([large])]);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    const error = { code: "command-frame-too-large", details: { limitBytes: 200_000, mayBeApplied: false } };
    await expect(client.call("e", "y".repeat(200_000))).rejects.toMatchObject(error);
    expect(await client.call("f", "y".repeat(100_000))).toBe(100_000);
    expect(seen).toEqual(["a", "b", "c", "d", "f"]);
  });

  it.each([
    [
      "more parts than the bound",
      [`{"kind":"part","id":1,"text":"${"x".repeat(900)}"}`, `{"kind":"part","id":1,"text":"${"x".repeat(900)}"}`],
      "command-frame-too-large",
    ],
    [
      "parts of two requests",
      ['{"kind":"part","id":1,"text":"1"}', '{"kind":"part","id":2,"text":"2"}'],
      "command-bad-frame",
    ],
    ["a request in parts that never came", ['{"kind":"call","id":1,"method":"m","inParts":true}'], "command-bad-frame"],
    [
      "another request after parts",
      ['{"kind":"part","id":1,"text":"1"}', '{"kind":"call","id":2,"method":"m"}'],
      "command-bad-frame",
    ],
    [
      "parts that are no JSON",
      ['{"kind":"part","id":1,"text":"{"}', '{"kind":"call","id":1,"method":"m","inParts":true}'],
      "command-bad-frame",
    ],
    ["a part without a text", ['{"kind":"part","id":1,"text":1}'], "command-bad-frame"],
  ])("ends a connection that sends %s", async (_name, lines, code) => {
    const asked: string[] = [];
    await serve(async ({ method }) => void asked.push(method), { requestBytes: 1_000 });
    const { socket, line } = await raw();
    socket.write(`${HELLO}${lines.join("\n")}\n`);
    expect(await line()).toMatchObject({ kind: "error", error: { code } });
    expect(await line()).toEqual({ kind: "ended" });
    expect(asked).toEqual([]);
  });

  it("carries a frame of many megabytes", async () => {
    await servingChild();
    const text = "ä".repeat(7_000_000);
    expect(await (await dial()).call("echo", text)).toBe(text);
  });

  it("ends a call that takes too long or is aborted, and tells the owner", async () => {
    const signals: AbortSignal[] = [];
    await serve((_, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const client = await dial();
    const late = client.call("x", 0, { timeoutMs: 20 });
    await expect(late).rejects.toMatchObject({ code: "command-timeout", details: { mayBeApplied: true } });
    const aborting = new AbortController();
    const call = client.call("x", 0, { signal: aborting.signal });
    aborting.abort(new Error("changed my mind"));
    await expect(call).rejects.toThrow("changed my mind");
    await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it("refuses to push in answer to a plain call", async () => {
    await serve(async (_, { send }) => send(1));
    await expect((await dial()).call("x", 0)).rejects.toMatchObject({ code: "command-not-a-stream" });
  });
});

describe("streams", () => {
  it("reads to the end, then to an error", async () => {
    await serve(async ({ params }, { send }) => {
      for (let count = 0; count < 1_000; count += 1) await send(count);
      if (params === "fail") throw new PlumblineError("run-unknown", "deleted");
    });
    const client = await dial();
    expect(await all(client.stream("x", 0))).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of client.stream("x", "fail")) seen.push(value);
    })();
    await expect(reading).rejects.toMatchObject({ code: "run-unknown" });
    expect(seen).toHaveLength(1_000);
  });

  it("is cancelled by leaving the loop and by a signal", async () => {
    const ended: string[] = [];
    await serve(async ({ method }, { send, signal }) => {
      while (!signal.aborted) await send(method);
      ended.push(method);
    });
    const client = await dial();
    for await (const _ of client.stream("left", 0)) break;
    const aborting = new AbortController();
    const reading = (async () => {
      for await (const _ of client.stream("aborted", 0, { signal: aborting.signal })) aborting.abort(new Error("stop"));
    })();
    await expect(reading).rejects.toThrow("stop");
    await expect.poll(() => ended).toEqual(["left", "aborted"]);
  });

  it("holds a producer back while its reader is slow, and lets other requests of the line pass", async () => {
    let sent = 0;
    await serve(
      async ({ method }, { send }) => {
        if (method === "echo") return "here";
        for (; sent < 5_000; sent += 1) await send("x".repeat(100));
      },
      { windowBytes: 10_000 },
    );
    const client = await dial();
    const reading = client.stream("many", 0)[Symbol.asyncIterator]();
    await reading.next();
    for (let times = 0; times < 20; times += 1) expect(await client.call("echo", 0)).toBe("here");
    expect(sent).toBeLessThan(100);
    let read = 1;
    while ((await reading.next()).done !== true) read += 1;
    expect(read).toBe(5_000);
  });

  it("drops a watcher whose producer cannot wait, after what fits, with an error", async () => {
    const dropped = Promise.withResolvers<unknown>();
    await serve(
      async (_, { send, signal }) => {
        signal.addEventListener("abort", () => dropped.resolve(signal.reason));
        for (let count = 0; count < 10_000; count += 1) void send("x".repeat(100));
        return new Promise(() => {});
      },
      { windowBytes: 10_000, backlogBytes: 20_000 },
    );
    const client = await dial();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of client.stream("flood", 0)) seen.push(value);
    })();
    await expect(reading).rejects.toMatchObject({ code: "command-slow-watcher" });
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.length).toBeLessThan(300);
    expect(await dropped.promise).toMatchObject({ code: "command-slow-watcher" });
  });

  it("keeps the owner's memory bounded for a client that reads nothing at all", async () => {
    let sent = 0;
    const server = await serve(
      async (_, { send, signal }) => {
        for (; !signal.aborted && sent < 100_000; sent += 1) await send("x".repeat(1_000));
      },
      { windowBytes: 100_000 },
    );
    const { socket } = await raw();
    socket.pause();
    socket.write(HELLO);
    socket.write('{"kind":"stream","id":1,"method":"x"}\n');
    await expect.poll(() => sent).toBeGreaterThan(90);
    await server.settleArrived();
    expect(sent).toBeLessThan(110);
    socket.destroy();
  });
});

describe("bounds and strangers", () => {
  it("drops a connection for which too much waits over all its streams", async () => {
    const dropped = Promise.withResolvers<unknown>();
    await serve(
      async (_, { send, signal }) => {
        signal.addEventListener("abort", () => dropped.resolve(signal.reason));
        for (let count = 0; count < 100; count += 1) void send("x".repeat(1_000));
        return new Promise(() => {});
      },
      { windowBytes: 1_000, backlogBytes: 200_000, connectionBytes: 400_000 },
    );
    const client = await dial();
    const streams = Array.from({ length: 10 }, () => all(client.stream("x", 0)).catch((error: unknown) => error));
    expect(await dropped.promise).toMatchObject({ code: "command-client-gone" });
    for (const ended of await Promise.all(streams)) expect(ended).toMatchObject({ code: "command-owner-gone" });
  });

  it("turns away connections and requests beyond the bound, and takes new ones when there is room", async () => {
    await serve(async ({ method }) => (method === "echo" ? 1 : new Promise(() => {})), { connections: 2, requests: 2 });
    const first = await dial();
    const second = await dial();
    await expect(dial()).rejects.toMatchObject({ code: "command-busy" });
    const open = [first.call("hang", 0), first.call("hang", 0)].map((call) => call.catch((error: unknown) => error));
    await expect(first.call("echo", 0)).rejects.toMatchObject({ code: "command-busy" });
    second.close();
    await expect.poll(async () => (await dial()).call("echo", 0)).toBe(1);
    first.close();
    expect(await Promise.all(open)).toMatchObject([{ code: "command-closed" }, { code: "command-closed" }]);
  });

  it.each([
    ["not JSON", `${HELLO}nonsense\n`, "command-bad-frame"],
    ["a list", `${HELLO}[]\n`, "command-bad-frame"],
    ["no id", `${HELLO}{"kind":"call","method":"x"}\n`, "command-bad-frame"],
    ["no method", `${HELLO}{"kind":"call","id":1}\n`, "command-bad-frame"],
    ["an unknown kind", `${HELLO}{"kind":"shout","id":1}\n`, "command-bad-frame"],
    ["no hello", '{"kind":"call","id":1,"method":"x"}\n', "command-bad-frame"],
    ["another protocol", '{"kind":"hello","protocol":1,"pid":1}\n', "command-protocol"],
    ["an endless line", `${HELLO}${"x".repeat(20_000)}`, "command-frame-too-large"],
  ])("hangs up on %s, with the reason", async (_, bytes, code) => {
    let called = false;
    await serve(
      async () => {
        called = true;
      },
      { frameBytes: 10_000 },
    );
    const { socket, line } = await raw();
    socket.write(bytes);
    expect(await line()).toMatchObject({ kind: "error", error: { code } });
    expect(await line()).toEqual({ kind: "ended" });
    expect(called).toBe(false);
  });

  it("reads a frame that comes byte by byte", async () => {
    await serve(async ({ params }) => params);
    const { socket, line } = await raw();
    for (const byte of Buffer.from(`${HELLO}{"kind":"call","id":1,"method":"x","params":"ä"}\n`)) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await line()).toEqual({ kind: "result", id: 1, value: "ä" });
  });

  it("tells a client of another version to leave", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write('{"kind":"hello","protocol":9,"pid":1}\n');
    });
    atEnd(() => new Promise((resolve) => server.close(resolve)));
    server.listen(`${here.dbPath}.sock`);
    await once(server, "listening");
    await expect(dial()).rejects.toMatchObject({ code: "command-protocol" });
  });
});
