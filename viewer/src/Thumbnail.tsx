/** A picture as small as the report holds it, or a sign that it holds none. */

import type { Picture } from "./report";

export function Thumbnail({ picture }: { picture: Picture }) {
  if (picture.thumbnail === null) return <span class="thumbnail empty" aria-hidden="true">no picture</span>;
  return <img class="thumbnail" src={picture.thumbnail} alt="" decoding="async" />;
}
