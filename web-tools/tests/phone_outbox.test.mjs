import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../src/vigia/web/static/core/clock.mjs";
import { MemoryStore } from "../../src/vigia/web/static/core/db.mjs";
import { Outbox, sendingOrder } from "../../src/vigia/web/static/core/outbox.mjs";

const direct = (act) => act();

/** A server that can be away, slow to commit or refuse; sent: what it saw, in order. */
function world({ answer = () => ({ received: true }) } = {}) {
  const sent = [];
  const clockState = { ms: 1_000_000 };
  const clock = new Clock({ wall: () => clockState.ms, steady: () => clockState.ms });
  const session = {
    postSigned(path, body) {
      return this.post(path, body);
    },
    async post(path, body) {
      sent.push(structuredClone(body));
      const said = answer(body, sent.length);
      if (said instanceof Error) throw said;
      return said;
    },
  };
  const store = new MemoryStore("report_id");
  const make = () => new Outbox({ store, session, clock, lock: direct });
  return { sent, clock, clockState, store, make };
}

const away = () => Object.assign(new Error("no answer"), { status: 0 });
const status = (code, body) => Object.assign(new Error(`HTTP ${code}`), { status: code, body });
const report = (id, more = {}) => ({ report_id: id, sense: "seen", refines: null, ...more });

test("a report pressed offline survives a reload and arrives with its true time", async () => {
  let up = false;
  const w = world({ answer: () => (up ? { received: true } : away()) });
  const first = w.make();
  await first.add(report("a"));
  await first.flush();
  assert.equal(first.get("a").state, "waiting");
  w.clockState.ms += 60_000; // reload a minute later; only now the offset becomes known
  w.clock.sample({
    sentMs: w.clockState.ms,
    receivedMs: w.clockState.ms,
    serverMs: w.clockState.ms + 5_000,
  });
  up = true;
  w.sent.length = 0;
  const second = w.make();
  await second.start();
  second.stop();
  assert.equal(w.sent.length, 1);
  assert.equal(w.sent[0].t_ms, 1_005_000);
  assert.equal(second.get("a").state, "received");
});

test("the offset known at the press wins over a later one", async () => {
  const w = world();
  w.clock.sample({ sentMs: 1_000_000, receivedMs: 1_000_000, serverMs: 1_002_000 });
  const box = w.make();
  await box.add(report("a"));
  await box.flush();
  assert.equal(w.sent[0].t_ms, 1_002_000);
});

test("received only after received:true; an empty 200 is no receipt", async () => {
  const w = world({ answer: () => ({}) });
  const box = w.make();
  await box.add(report("a"));
  await box.flush();
  assert.equal(box.get("a").state, "waiting");
});

test("503 warned keeps the report and sends it again under the same id", async () => {
  const w = world({
    answer: (_, n) =>
      n === 1 ? status(503, { received: false, warned: true }) : { received: true },
  });
  const box = w.make();
  await box.add(report("a"));
  await box.sending;
  assert.equal(box.get("a").state, "warned");
  await box.flush();
  assert.equal(box.get("a").state, "received");
  assert.deepEqual(
    w.sent.map((b) => b.report_id),
    ["a", "a"],
  );
});

test("a refused report stops being sent and does not hold up the others", async () => {
  const w = world({ answer: (b) => (b.report_id === "bad" ? status(400) : { received: true }) });
  const box = w.make();
  await box.add(report("good"));
  await box.add(report("bad"));
  await box.flush();
  await box.flush();
  assert.equal(box.get("bad").state, "refused");
  assert.equal(box.get("good").state, "received");
  assert.equal(w.sent.filter((b) => b.report_id === "bad").length, 1);
});

test("401 and 500 are retried, never refused", async () => {
  for (const code of [401, 403, 429, 500]) {
    const w = world({ answer: () => status(code) });
    const box = w.make();
    await box.add(report("a"));
    await box.flush();
    assert.equal(box.get("a").state, "waiting", String(code));
  }
});

test("the newest sighting goes first and what refines it follows it", () => {
  const e = (report_id, root, pressedMs) => ({ report_id, root, pressedMs });
  const order = sendingOrder([
    e("old", "old", 1),
    e("r2", "new", 12),
    e("r1", "new", 11),
    e("new", "new", 10),
  ]);
  assert.deepEqual(
    order.map((x) => x.report_id),
    ["new", "r1", "r2", "old"],
  );
});

test("undo of a report that never left deletes it; of one that may have left, not", async () => {
  const w = world({ answer: away });
  const box = w.make();
  const adding = box.add(report("a"));
  await adding;
  await box.flush();
  assert.equal(await box.discard("a"), false);
  box.entries.set("b", {
    report_id: "b",
    root: "b",
    tries: 0,
    state: "waiting",
    deviceMs: 0,
    pressedMs: 0,
  });
  assert.equal(await box.discard("b"), true);
});

test("a refusing storage still sends and says it is not saved", async () => {
  const w = world();
  w.store.put = async () => {
    throw new Error("quota");
  };
  const box = w.make();
  const entry = await box.add(report("a"));
  await box.flush();
  assert.equal(entry.saved, false);
  assert.equal(entry.state, "received");
});

test("what is owed outlives what is not when the list is full", async () => {
  let up = true;
  const w = world({ answer: () => (up ? { received: true } : away()) });
  const box = w.make();
  for (let i = 0; i < 200; i++) {
    w.clockState.ms += 1;
    await box.add(report(`r${i}`));
    await box.flush();
  }
  up = false;
  await box.add(report("owed"));
  w.clockState.ms += 1;
  await box.add(report("owed2"));
  assert.equal(box.list().length, 200);
  assert.equal(box.waiting().length, 2);
});

test("one page: presses during a send are sent without waiting for the timer", async () => {
  const w = world();
  const box = w.make();
  await Promise.all([box.add(report("a")), box.add(report("b"))]);
  await box.flush();
  assert.equal(box.waiting().length, 0);
});
