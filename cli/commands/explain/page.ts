/** All maps of one picture on one page that fetches nothing. */
import type { Exemplar } from '../../../engine/bundle/good-exemplars.ts'
import type { Judgement } from '../../../engine/decision/decision.ts'
import { html, decimals, type Html } from '../../../engine/evaluation/report/html-text.ts'
import { style } from '../../../engine/evaluation/report/style.ts'
import type { Attempt } from '../../../engine/explain/explain-all.ts'
import { withoutMapText } from '../../../engine/explain/masked-passes.ts'
import type { Saliency } from '../../../engine/explain/explainer.ts'
import type { MapValues } from '../../../engine/explain/map-rows.ts'
import { overlayMap } from '../../../engine/explain/overlay.ts'
import { encodeJpeg, resizeImage, type RawImage } from '../../../engine/frame/image-codec.ts'

export interface PictureJudgement extends Judgement {
  /** `null` where it could not be computed. */
  score: number | null
  /** Whose limits they are; `null`: of all products. */
  product: string | null
}

export interface Subject {
  model: string
  image: string
  target: string
  confidence: number
  hidden: string
  seed: number
  budget: number | null
  /** `null` of a model that is no bundle. */
  judgement: PictureJudgement | null
  /** What to know before the maps are read; `null` where there is nothing. */
  note: string | null
}

const largestEdge = 640

/** @param evidence The good part that is most like the picture; `null` where none is known. */
export async function explanationPage (image: RawImage, evidence: Exemplar | null, subject: Subject, attempts: readonly Attempt[], origin: string): Promise<string> {
  const shown = await shrunk(image)
  const cards = [html`<figure class="card"><img src="${await dataUrl(shown)}" alt=""><figcaption><b>the picture</b></figcaption></figure>`]
  if (evidence !== null) cards.push(html`<figure class="card"><img src="${await dataUrl(await shrunk(evidence.image))}" alt=""><figcaption><b>the nearest good part</b><br>${evidence.name}</figcaption></figure>`)
  for (const { saliency, faithfulness } of attempts) if (saliency?.map != null) cards.push(await card(shown, saliency, saliency.map, faithfulness))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${subject.image} explained</title>
<style>${style}.maps { grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: 14px }</style>
</head>
<body>
<main>
<header>
<h1>${subject.image}</h1>
<p class="soft">${subject.target} by ${subject.model}: ${subject.confidence.toPrecision(4)}. Hidden pixels: ${subject.hidden}; seed ${subject.seed}${subject.budget === null ? '' : `; ${subject.budget} ms at most for each method`}.</p>
${subject.judgement === null ? null : html`<p>${judgementText(subject.judgement)}</p>`}
${subject.note === null ? null : html`<p><b>${subject.note}</b></p>`}
</header>
<div class="maps">${cards}</div>
${withoutMap(attempts)}
<h2>How to read it</h2>
<p>Colour shows where a method sees what speaks for the target, from violet over red to yellow; each map is stretched to its own highest value.</p>
<p>Insertion: how much of the answer is there on average while the map's highest pixels are shown first (more is better). Deletion: while they are hidden first (less is better). Drop: what is lost when only the highest 15 % are shown. All relative to the answer to the whole picture; above 1, hiding adds to it.</p>
<p class="note">${origin}</p>
</main>
</body>
</html>
`.text
}

export function judgementText ({ verdict, reason: { text }, pValue, product }: PictureJudgement): string {
  return `Verdict: ${verdict}. ${text}${product === null ? '' : ` of ${product}`}${pValue === null ? '' : ` (p-value ${pValue.toPrecision(2)})`}.`
}

async function shrunk (image: RawImage): Promise<RawImage> {
  const shrink = Math.min(1, largestEdge / Math.max(image.width, image.height))
  return shrink === 1 ? image : resizeImage(image, Math.round(image.width * shrink), Math.round(image.height * shrink))
}

async function card (image: RawImage, saliency: Saliency, map: MapValues, faithfulness: Attempt['faithfulness']): Promise<Html> {
  const { method, skipped } = saliency
  const picture = overlayMap(image, map, { range: { from: 0.05, to: 1 }, outline: Infinity, opacity: 0.7 })
  return html`<figure class="card"><img src="${await dataUrl(picture)}" alt="map of ${method}">
<figcaption><b>${method}</b><br>insertion ${decimals(faithfulness?.insertion ?? null, 3)}, deletion ${decimals(faithfulness?.deletion ?? null, 3)}, drop ${decimals(faithfulness?.drop ?? null, 3)}
<br>${workText(saliency)}${skipped === null ? '' : `; skipped ${skipped}`}</figcaption></figure>`
}

/** A line for each, where a card would be empty. */
function withoutMap (attempts: readonly Attempt[]): Html | null {
  const without = attempts.filter(({ saliency }) => saliency?.map == null)
  if (without.length === 0) return null
  return html`<h2>Without a map</h2>
<div class="card">${without.map(({ method, saliency, obstacle }) => html`<p><b>${method}</b>: ${saliency === null ? obstacle : `${withoutMapText(saliency, 'target')} (${workText(saliency)})`}</p>`)}</div>`
}

function workText ({ forwards: { done }, milliseconds }: Saliency): string {
  return `${done} ${done === 1 ? 'pass' : 'passes'}, ${milliseconds.toFixed(0)} ms`
}

async function dataUrl (image: RawImage): Promise<string> {
  return `data:image/jpeg;base64,${(await encodeJpeg({ ...image, pixels: () => image.data }, 88)).toString('base64')}`
}
