// Reading PDFs: their text where they have any, and pictures of their pages where they do not.
// Boundary: bytes in, lines or PNGs out; nothing about what the document means.
// Invariants: the caller's bytes are never changed or detached; every document is closed again.
import type { PDFiumLibrary } from "@hyzyla/pdfium";
import sharp from "sharp";
import { getDocumentProxy } from "unpdf";

/** The bytes are no PDF, are damaged, or are protected. */
export class UnreadablePdf extends Error {
  readonly code = "unreadable-pdf";
}

export interface PageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Pages beyond this are not looked at. */
  readonly maxPages?: number;
}

interface PositionedText {
  readonly str: string;
  /** PDF's text matrix; [4] and [5] are x and y in points, y upwards. */
  readonly transform: readonly number[];
}

/**
 * The text of each page as lines from top to bottom, pieces of a line joined by two spaces from left to right.
 * A scan gives pages of no lines: that is the test for "needs OCR". Throws UnreadablePdf.
 */
export async function readPdfLines(pdf: Uint8Array, { signal, maxPages = 5 }: PageOptions = {}): Promise<string[][]> {
  signal?.throwIfAborted();
  // A copy, because pdf.js takes the buffer that it is given away from its owner.
  const document = await getDocumentProxy(Uint8Array.from(pdf)).catch((cause: unknown) => {
    throw new UnreadablePdf(`not a readable PDF: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  try {
    const pages: string[][] = [];
    for (let number = 1; number <= Math.min(document.numPages, maxPages); number++) {
      signal?.throwIfAborted();
      const { items } = await (await document.getPage(number)).getTextContent();
      pages.push(linesOf(items.filter((item): item is (typeof items)[number] & PositionedText => "str" in item)));
    }
    return pages;
  } finally {
    await document.loadingTask.destroy();
  }
}

/** Grey PNGs of the first pages, at `dpi`. Rendering one page blocks this thread; aborts are seen between pages. */
export async function rasterisePdf(
  pdf: Uint8Array,
  { signal, maxPages = 3, dpi = 200 }: PageOptions & { readonly dpi?: number } = {},
): Promise<Uint8Array[]> {
  signal?.throwIfAborted();
  const library = await loadPdfium();
  const document = await library.loadDocument(pdf).catch((cause: unknown) => {
    throw new UnreadablePdf(`not a readable PDF: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  try {
    const images: Uint8Array[] = [];
    for (let index = 0; index < Math.min(document.getPageCount(), maxPages); index++) {
      signal?.throwIfAborted();
      const page = await document
        .getPage(index)
        .render({ scale: dpi / 72, colorSpace: "Gray", render: (page) => encodePng(page, dpi) });
      images.push(page.data);
    }
    return images;
  } finally {
    document.destroy();
  }
}

interface RenderedPage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

function encodePng({ data, width, height }: RenderedPage, dpi: number): Promise<Buffer> {
  return (
    sharp(data, { raw: { width, height, channels: 1 } })
      // Without it, OCR guesses the resolution and warns on stderr.
      .withMetadata({ density: dpi })
      // The picture lives for a second: fast beats small.
      .png({ compressionLevel: 1 })
      .toBuffer()
  );
}

let loading: Promise<PDFiumLibrary> | undefined;

function loadPdfium(): Promise<PDFiumLibrary> {
  loading ??= import("@hyzyla/pdfium").then(({ PDFiumLibrary }) => PDFiumLibrary.init());
  return loading;
}

/** Groups pieces whose baselines differ by less than 3 points into one line. */
function linesOf(items: readonly PositionedText[]): string[] {
  const pieces = items
    .filter((item) => item.str.trim() !== "")
    .map((item) => ({ text: item.str.trim(), x: item.transform[4] ?? 0, y: item.transform[5] ?? 0 }))
    .sort((a, b) => b.y - a.y);
  const lines: { y: number; pieces: typeof pieces }[] = [];
  for (const piece of pieces) {
    const line = lines.at(-1);
    if (line !== undefined && line.y - piece.y < 3) line.pieces.push(piece);
    else lines.push({ y: piece.y, pieces: [piece] });
  }
  return lines.map((line) =>
    line.pieces
      .sort((a, b) => a.x - b.x)
      .map((piece) => piece.text)
      .join("  "),
  );
}
