// Draws an application form as a PDF, with text or as the picture that a scanner would have made of it.
// Boundary: fields in, PDF bytes out; which forms are worth drawing is decided in generate-samples.ts.
// Invariant: nothing depends on clock or chance but through the seed, so the same input gives the same bytes (with the
// same versions of pdfkit and sharp).
import { rasterisePdf } from "@plumbline/example-local-models/pdf.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import PDFDocument from "pdfkit";
import sharp from "sharp";
import { FIELD_NAMES, type FieldName, type LoanFields } from "./application-form.ts";
import { formLayout, writeValue } from "./form-layout.ts";

export interface FormStyle {
  /** "current": labels with a colon, values in a column. "older": the older labels, dotted leaders, another order. */
  readonly layout: "current" | "older";
  /** Spread over two pages. */
  readonly twoPages?: boolean;
}

export interface ScanStyle {
  readonly dpi: number;
  /** How askew the sheet lay on the glass. */
  readonly rotationDegrees: number;
  /** Standard deviation of the grain, in grey levels of 0-255. */
  readonly noise: number;
  /** Radius of the blur in pixels, 0 for none. */
  readonly blur: number;
  readonly seed: number;
}

const PAGE_SIZE: [number, number] = [595.28, 841.89];

/** The form as a PDF with real text. */
export function drawForm(fields: LoanFields, { layout, twoPages = false }: FormStyle): Promise<Uint8Array> {
  return pdfOf((document) => {
    const order = layout === "current" ? FIELD_NAMES : [...FIELD_NAMES].reverse();
    const split = twoPages ? Math.ceil(order.length / 2) : order.length;
    drawPage(document, "Application for a consumer loan", order.slice(0, split), fields, layout);
    if (split < order.length) {
      document.addPage();
      drawPage(document, "Application for a consumer loan - page 2", order.slice(split), fields, layout);
    }
  });
}

/** A PDF of pictures only: every page of `pdf` as a scanner would have seen it. */
export async function scanForm(pdf: Uint8Array, style: ScanStyle): Promise<Uint8Array> {
  const random = randomFrom(style.seed);
  const pages: Buffer[] = [];
  for (const image of await rasterisePdf(pdf, { dpi: style.dpi })) pages.push(await scanPage(image, style, random));
  return pdfOf((document) => {
    pages.forEach((page, at) => {
      if (at > 0) document.addPage();
      document.image(page, 0, 0, { width: PAGE_SIZE[0], height: PAGE_SIZE[1] });
    });
  });
}

function drawPage(
  document: PDFKit.PDFDocument,
  title: string,
  names: readonly FieldName[],
  fields: LoanFields,
  layout: FormStyle["layout"],
): void {
  document.font("Helvetica-Bold").fontSize(17).text(title, 60, 60, { lineBreak: false });
  document.font("Helvetica").fontSize(9);
  document.text("Please fill in every line. Amounts in EUR, dates as year-month-day.", 60, 86, { lineBreak: false });
  document.fontSize(11.5);
  names.forEach((name, row) => {
    const y = 122 + row * 31;
    const value = writeValue(name, fields[name]);
    if (layout === "current") {
      document.text(`${formLayout[name].labels[0]}:`, 60, y, { lineBreak: false });
      document.text(value, 290, y, { lineBreak: false });
    } else {
      const label = formLayout[name].labels.at(-1) ?? name;
      document.text(`${label} ${".".repeat(46 - label.length)} ${value}`, 60, y, { lineBreak: false });
    }
  });
  document.fontSize(9).text("I confirm that what I have stated is complete and true.", 60, 740, { lineBreak: false });
}

async function scanPage(image: Uint8Array, style: ScanStyle, random: () => number): Promise<Buffer> {
  const { width, height } = await sharp(image).metadata();
  const turned = await sharp(image).rotate(style.rotationDegrees, { background: "#ffffff" }).toBuffer();
  const size = await sharp(turned).metadata();
  let sheet = sharp(turned)
    .extract({
      left: Math.floor((size.width - width) / 2),
      top: Math.floor((size.height - height) / 2),
      width,
      height,
    })
    .greyscale()
    // Ink is not black and paper is not white.
    .linear(0.8, 36);
  if (style.blur > 0) sheet = sheet.blur(style.blur);
  const { data, info } = await sheet.raw().toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at++) {
    // The sum of three is near enough to a bell curve, and needs no logarithm.
    const grain = (random() + random() + random() - 1.5) * 2 * style.noise;
    data[at] = Math.max(0, Math.min(255, Math.round((data[at] as number) + grain)));
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    .jpeg({ quality: 60 })
    .toBuffer();
}

function pdfOf(draw: (document: PDFKit.PDFDocument) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const document = new PDFDocument({
      size: PAGE_SIZE,
      margin: 0,
      info: { Title: "Application for a consumer loan", CreationDate: new Date("2026-03-02T08:00:00Z") },
    });
    const chunks: Uint8Array[] = [];
    document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    document.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    document.on("error", reject);
    draw(document);
    document.end();
  });
}
