// A screenshot as a browser gives it (PNG, 8 bits a channel) -> the same with the 256 colours that occur most, in a quarter of the bytes. Pages
// have few colours, so that nobody sees the difference. Pure.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

interface Image {
  readonly width: number;
  readonly height: number;
  /** One number of 24 bits for each pixel. */
  readonly pixels: Uint32Array;
}

export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const { palette, indexOf } = paletteOf(pixels);
  const rows = Buffer.alloc(height * (width + 1)); // Each row begins with its filter: none.
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = indexOf.get(pixels[y * width + x] ?? 0) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, by palette.
  const colours = Buffer.concat(palette.map((colour) => Buffer.from(channelsOf(colour))));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function decode(png: Buffer): Image {
  const parts: Buffer[] = [];
  let at = SIGNATURE.length;
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [depth, type, , , interlace] = png.subarray(24);
  if (depth !== 8 || (type !== 2 && type !== 6) || interlace !== 0)
    throw new Error("not a PNG as browsers write it");
  const size = type === 2 ? 3 : 4;
  return { width, height, pixels: unfilter(inflateSync(Buffer.concat(parts)), width, size) };
}

/** PNG, section 9: each byte is told by its difference from its neighbours. */
function unfilter(data: Buffer, width: number, size: number): Uint32Array {
  const stride = width * size;
  const height = data.length / (stride + 1);
  const pixels = new Uint32Array(width * height);
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const row = Uint8Array.from(data.subarray(start + 1, start + 1 + stride));
    for (let index = 0; index < stride; index++) {
      const left = row[index - size] ?? 0;
      const up = above[index] ?? 0;
      const corner = above[index - size] ?? 0;
      row[index] = (row[index] ?? 0) + predicted(data[start] ?? 0, left, up, corner);
    }
    for (let x = 0; x < width; x++) {
      const [red = 0, green = 0, blue = 0] = row.subarray(x * size);
      pixels[y * width + x] = (red << 16) | (green << 8) | blue;
    }
    above = row;
  }
  return pixels;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs);
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? up : corner;
}

function paletteOf(pixels: Uint32Array): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const colours = [...counts].toSorted((a, b) => b[1] - a[1]).map(([colour]) => colour);
  const palette = colours.slice(0, COLOURS);
  const nearest = (colour: number): number => {
    let best = 0;
    let least = Infinity;
    for (const [index, other] of palette.entries()) {
      const distance = distanceOf(colour, other);
      if (distance < least) [best, least] = [index, distance];
    }
    return best;
  };
  return { palette, indexOf: new Map(colours.map((colour) => [colour, nearest(colour)])) };
}

function distanceOf(one: number, other: number): number {
  const others = channelsOf(other);
  return channelsOf(one).reduce(
    (sum, value, index) => sum + (value - (others[index] ?? 0)) ** 2,
    0,
  );
}

function channelsOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
