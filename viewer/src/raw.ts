/** The vendors' own answers, packed away until somebody asks. */

/** Unpacks base64 of gzip of JSON. */
export async function unpack(packed: string): Promise<unknown[]> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as unknown[];
}
