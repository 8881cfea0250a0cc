/** The comparison of families as one self-contained HTML page. */
import type { AugmentationChoice, LossPoint } from '../../../schemas/bundle.ts'
import type { ComparedFit, ComparisonReport } from '../../../schemas/comparison.ts'
import type { FamilySummary } from '../compare/recommend.ts'
import { countChart, rocCurvesChart, seriesKey, type Series } from './charts.ts'
import type { GalleryPicture } from './gallery.ts'
import { augmentationSection } from './augmentation-section.ts'
import { decimals, html, Html } from './html-text.ts'
import { lossSection } from './loss-section.ts'
import { style } from './style.ts'
import { table, type Column } from './tables.ts'

export interface ComparisonPage {
  /** `training`: `null` where nothing was fitted. */
  dataset: { name: string, good: number, training: { images: number, calibrationImages: number } | null, testGood: number, testDefective: number }
  report: ComparisonReport
  families: readonly FamilySummary[]
  bestOnTest: FamilySummary | null
  /** Of each family's first seed. */
  curves: ReadonlyArray<{ detector: string, bundleName: string, roc: ReadonlyArray<readonly [number, number]>, misses: readonly GalleryPicture[], falseRejects: readonly GalleryPicture[], augmentation?: AugmentationChoice | undefined, lossCurve?: readonly LossPoint[] | undefined }>
  learningCurves: readonly Series[]
  /** Why they have no point at some share; empty where they have all. */
  learningNote: string
  /** What to say of each family whose learning curve failed. */
  curveFailures: readonly string[]
  failures: ReadonlyArray<{ detector: string, seed: number, message: string }>
  /** Whether it ended by itself. */
  complete: boolean
  createdAt: string
  command: string | null
  versions: { [name: string]: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}

export function renderComparison (page: ComparisonPage): string {
  const { dataset, report, families, bestOnTest, curves, learningCurves, learningNote, curveFailures, failures, complete } = page
  const chosen = families.find(({ detector }) => detector === report.recommended)
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${dataset.name}: comparison</title><style>${new Html(style)}</style></head>
<body><main>
<header><h1>${dataset.name}</h1><p class="soft">${families.length} families of detectors, each learned from the same ${trainingText(dataset)} and tested on ${dataset.testGood} good and ${dataset.testDefective} defective ones. ${page.createdAt.slice(0, 16).replace('T', ' ')} UTC.${complete ? null : ' Interrupted: what follows is what there was.'}</p></header>
<div class="tiles">${[
  tile(report.recommended ?? '–', 'Recommended', 'by drawn defects on held-out good parts'),
  tile(decimals(chosen?.imageAuroc ?? null, 4), 'Its image AUROC', `on the test images, mean of ${chosen?.seeds ?? 0} seeds`),
  tile(bestOnTest?.detector ?? '–', 'Best on the test', `${decimals(bestOnTest?.imageAuroc ?? null, 4)}, known with hindsight only`),
  tile(decimals(report.baselineAuroc, 4), 'Trivial baseline', 'the best of four statistics that look at no content')
]}</div>
<p class="note">${report.reason}</p>
<h2>Families</h2>
<p class="note">Means over seeds. Separation: AUROC of held-out good parts with defects drawn on them against the same parts untouched.</p>
<div class="card scroll">${familyTable(families, report.recommended)}</div>
<h2>Curves</h2>
<div class="pair"><figure class="card"><h3>ROC ${seriesKey(curves.map(({ detector }) => ({ name: detector })))}</h3>${rocCurvesChart(curves.map(({ detector, roc }) => ({ name: detector, points: roc })))}</figure>${
  learningCurves.length === 0 ? null : html`<figure class="card"><h3>How many good parts are enough ${seriesKey(learningCurves)}</h3>${countChart('Image AUROC over good parts learned from', 'good parts learned from', 'image AUROC', learningCurves)}</figure>`}</div>
${learningNote === '' ? null : html`<p class="note">${learningNote}</p>`}${curveFailures.map((text) => html`<p class="note">${text}</p>`)}
<h2>Every fit</h2>
<div class="card scroll">${fitTable(report.results)}</div>
${failures.length === 0 ? null : html`<h2>Families that failed</h2><div class="card">${failures.map(({ detector, seed, message }) => html`<p><b>${detector}</b>, seed ${seed}: ${message}</p>`)}</div>`}
${curves.map(({ detector, bundleName, misses, falseRejects, augmentation, lossCurve }) => html`<h2>${detector}</h2><p class="note">${bundleName}. Defects with the lowest scores, then good images with the highest. Left: the picture, its ground truth outlined in green where there is one. Right: the detector’s map.</p>${pictures([...misses, ...falseRejects])}${augmentationSection(augmentation)}${lossSection(detector, lossCurve)}`)}
<footer>${page.command === null ? null : html`<p><code>${page.command}</code></p>`}<p>${Object.entries(page.versions).map(([name, version]) => `${name} ${version}`).join(', ')}. ${page.machine.processor}, ${page.machine.cores} cores, ${page.machine.memoryGiB} GiB, ${page.machine.platform}.</p></footer>
</main></body></html>
`.text
}

function trainingText ({ good, training }: ComparisonPage['dataset']): string {
  return training === null ? `${good} good images` : `${training.images} good images, with limits from ${training.calibrationImages} others,`
}

function tile (value: string, name: string, detail: string): Html {
  return html`<div class="tile"><b>${value}</b>${name}<span>${detail}</span></div>`
}

type Measured = Pick<ComparedFit, 'detector' | 'imageAuroc' | 'pixelAuroc' | 'aupro30' | 'fitSeconds' | 'imagesPerSecond' | 'bundleBytes'>

const measured: ReadonlyArray<Column<Measured>> = [
  { name: 'Image AUROC', numeric: true, cell: ({ imageAuroc }) => decimals(imageAuroc, 4) },
  { name: 'Pixel AUROC', numeric: true, cell: ({ pixelAuroc }) => decimals(pixelAuroc, 4) },
  { name: 'AUPRO at 0.3', numeric: true, cell: ({ aupro30 }) => decimals(aupro30, 4) },
  { name: 'Fit, s', numeric: true, cell: ({ fitSeconds }) => fitSeconds.toFixed(1) },
  { name: 'Images/s', numeric: true, cell: ({ imagesPerSecond }) => imagesPerSecond.toPrecision(3) },
  { name: 'Bundle, MiB', numeric: true, cell: ({ bundleBytes }) => (bundleBytes / 2 ** 20).toFixed(1) }
]

function familyTable (families: readonly FamilySummary[], recommended: string | null): Html {
  return table<FamilySummary>([
    { name: 'Family', cell: ({ detector }) => detector },
    { name: 'Seeds', numeric: true, cell: ({ seeds }) => seeds },
    { name: 'Separation', numeric: true, cell: ({ proxy }) => decimals(proxy, 4) },
    ...measured
  ], families, ({ detector }) => detector === recommended)
}

function fitTable (results: readonly ComparedFit[]): Html {
  return table<ComparedFit>([{ name: 'Family', cell: ({ detector }) => detector }, { name: 'Seed', numeric: true, cell: ({ seed }) => seed }, ...measured], results)
}

function pictures (shown: readonly GalleryPicture[]): Html {
  return html`<div class="gallery">${shown.map(({ path, label, score, verdict, picture, overlay }) =>
    html`<figure class="card"><div class="shots"><img src="${picture}" alt="picture of ${path}"><img src="${overlay}" alt="map of ${path}"></div><figcaption><b>${label}</b>, score ${score.toPrecision(4)}: <b class="verdict-${verdict}">${verdict}</b><br>${path}</figcaption></figure>`)}</div>`
}
