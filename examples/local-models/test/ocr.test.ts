// Goal: OCR reads a clean picture, an abort really ends its work, and neither aborts nor bad pictures harm later pages.
import { OcrPool, OcrTimeLimit } from "@plumbline/example-local-models/ocr.ts";
import { rasterisePdf } from "@plumbline/example-local-models/pdf.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import PDFDocument from "pdfkit";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";

const SEED = 3;
const pool = new OcrPool(1);
afterAll(() => pool.close());

test("a clean picture is read with high confidence", async () => {
  const { text, confidence } = await pool.recognize(await pictureOf("Amount requested: EUR 1,234.50"));
  expect(text.trim()).toBe("Amount requested: EUR 1,234.50");
  expect(confidence).toBeGreaterThan(85);
});

test(`an abort ends a page that would take many seconds, and the next page is read (seed ${SEED})`, async () => {
  const picture = await pictureOfGrain();
  const started = performance.now();
  const controller = new AbortController();
  const reading = pool.recognize(picture, { signal: controller.signal });
  const reason = new Error("the step's time is over");
  setTimeout(() => controller.abort(reason), 500);
  await expect(reading).rejects.toBe(reason);
  // With one worker: had the first page gone on, the second would have to wait for it (about 20 s).
  const { text } = await pool.recognize(await pictureOf("Still here"));
  expect(text.trim()).toBe("Still here");
  expect(performance.now() - started).toBeLessThan(8_000);
});

test("the time limit is for reading a page, not for waiting until its turn comes", async () => {
  const first = pool.recognize(await pictureOfGrain(), { timeLimitMs: 1_500 });
  const second = pool.recognize(await pictureOf("Patient"), { timeLimitMs: 1_400 });
  await expect(first).rejects.toBeInstanceOf(OcrTimeLimit);
  expect((await second).text.trim()).toBe("Patient");
});

test("pages beyond the pool's size wait their turn, and can give up waiting", async () => {
  const change = new AbortController();
  const first = pool.recognize(await pictureOf("First page"));
  const second = pool.recognize(await pictureOf("Second page"), { signal: change.signal });
  const third = pool.recognize(await pictureOf("Third page"));
  change.abort(new Error("not needed"));
  await expect(second).rejects.toThrow("not needed");
  expect((await first).text.trim()).toBe("First page");
  expect((await third).text.trim()).toBe("Third page");
});

test("a picture that is none rejects, and the next page is read", async () => {
  await expect(pool.recognize(new Uint8Array([1, 2, 3]))).rejects.toBeDefined();
  expect((await pool.recognize(await pictureOf("After the accident"))).text.trim()).toBe("After the accident");
});

test("a closed pool refuses pages", async () => {
  const closed = new OcrPool(1);
  await closed.close();
  await expect(closed.recognize(await pictureOf("late"))).rejects.toThrow("closed");
});

/** Drawn by pdfium, which brings its own fonts: a machine need not have any. */
async function pictureOf(text: string): Promise<Uint8Array> {
  const pdf = await new Promise<Uint8Array>((resolve) => {
    const document = new PDFDocument({ size: [350, 90], margin: 0 });
    const chunks: Uint8Array[] = [];
    document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    document.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    document.fontSize(14).text(text, 30, 35, { lineBreak: false });
    document.end();
  });
  const [picture] = await rasterisePdf(pdf);
  if (picture === undefined) throw new Error("a PDF of one page gave no picture");
  return picture;
}

function pictureOfGrain(): Promise<Buffer> {
  const random = randomFrom(SEED);
  const [width, height] = [1654, 2339];
  const grey = Uint8Array.from({ length: width * height }, () => 255 * random());
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .withMetadata({ density: 200 })
    .png()
    .toBuffer();
}
