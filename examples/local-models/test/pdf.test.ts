// Goal: a PDF's text comes back line by line, a scan is told by having none, and damage is an error with a name.
import { rasterisePdf, readPdfLines, UnreadablePdf } from "@plumbline/example-local-models/pdf.ts";
import PDFDocument from "pdfkit";
import sharp from "sharp";
import { expect, test } from "vitest";

test("pieces of a line are joined from left to right, lines run from top to bottom, pages in order", async () => {
  const pdf = await draw((document) => {
    document.text("value one", 300, 100, { lineBreak: false }).text("label one:", 50, 100, { lineBreak: false });
    document.text("above", 50, 60, { lineBreak: false });
    document.addPage().text("second page", 50, 50, { lineBreak: false });
  });
  expect(await readPdfLines(pdf)).toEqual([["above", "label one:  value one"], ["second page"]]);
  expect(await readPdfLines(pdf, { maxPages: 1 })).toHaveLength(1);
});

test("the caller's bytes stay usable and unchanged", async () => {
  const pdf = await draw((document) => document.text("twice", 50, 50));
  const before = pdf.slice();
  await readPdfLines(pdf);
  await rasterisePdf(pdf);
  expect(pdf).toEqual(before);
  expect(await readPdfLines(pdf)).toEqual([["twice"]]);
});

test("a page of nothing but a picture has no lines, and is drawn grey at the resolution asked for", async () => {
  const picture = await sharp({ create: { width: 50, height: 50, channels: 3, background: "#334455" } })
    .png()
    .toBuffer();
  const pdf = await draw((document) => document.image(picture, 0, 0, { width: 595 }));
  expect(await readPdfLines(pdf)).toEqual([[]]);
  const [page] = await rasterisePdf(pdf, { dpi: 100 });
  const { width, height, density } = await sharp(page).metadata();
  expect([width, height, density]).toEqual([826, 1168, 100]);
});

test("bytes that are no PDF are an UnreadablePdf for both readers", async () => {
  const bytes = new TextEncoder().encode("certainly no PDF");
  await expect(readPdfLines(bytes)).rejects.toBeInstanceOf(UnreadablePdf);
  await expect(rasterisePdf(bytes)).rejects.toBeInstanceOf(UnreadablePdf);
});

test("an aborted signal rejects with its reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const pdf = await draw((document) => document.text("x", 50, 50));
  await expect(readPdfLines(pdf, { signal })).rejects.toThrow("enough");
  await expect(rasterisePdf(pdf, { signal })).rejects.toThrow("enough");
});

function draw(content: (document: PDFKit.PDFDocument) => void): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const document = new PDFDocument({ size: "A4" });
    const chunks: Uint8Array[] = [];
    document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    document.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    content(document);
    document.end();
  });
}
