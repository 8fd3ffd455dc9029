import { sharp } from '../images/sharp.ts';

/** Tiny PNG files under these names, no two alike. */
export async function pictures(...names: readonly string[]): Promise<Record<string, Buffer>> {
  const made = names.map(async (name, i) => {
    const background = { r: i % 256, g: Math.floor(i / 256), b: 99 };
    const bytes = await sharp({ create: { width: 3, height: 3, channels: 3, background } })
      .png()
      .toBuffer();
    return [name, bytes] as const;
  });
  return Object.fromEntries(await Promise.all(made));
}
