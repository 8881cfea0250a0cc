/** Suspect pictures as one self-contained HTML page, each beside the picture that it looks most like. */
import type { Suspect } from '../../detectors/detector.ts'
import { decodeImage } from '../../frame/image-codec.ts'
import { html, Html } from './html-text.ts'
import { dataUrl, shrink } from './picture-data.ts'
import { style } from './style.ts'

/** @param nameOf how the page calls a picture. */
export async function renderSuspects (suspects: readonly Suspect[], pictures: number, nameOf: (path: string) => string): Promise<string> {
  const show = async (path: string): Promise<string> => dataUrl(await shrink(await decodeImage(path)))
  const figures: Html[] = []
  for (const [place, { name, deviations, nearest }] of suspects.entries()) {
    const other = nearest === null ? null : html`<img src="${await show(nearest)}" alt="picture of ${nameOf(nearest)}">`
    figures.push(html`<figure class="card"><div class="shots"><img src="${await show(name)}" alt="picture of ${nameOf(name)}">${other}</div><figcaption><b>${place + 1}. ${nameOf(name)}</b>: ${deviations.toFixed(1)} deviations${nearest === null ? null : html`<br>most like ${nameOf(nearest)}`}</figcaption></figure>`)
  }
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Suspect pictures</title><style>${new Html(style)}</style></head>
<body><main>
<header><h1>Suspect pictures</h1><p class="soft">${suspects.length} of ${pictures} pictures of good parts look unlike the rest. Are they good, and of this product? Left: the picture. Right: the picture of another part that it looks most like.</p></header>
<div class="gallery">${figures}</div>
</main></body></html>
`.text
}
