/** How well methods of explanation find the defects, for the report: the table, and the maps of some pictures side by side. */
import type { ExplanationFindings, ExplanationMethodFindings } from '../../../schemas/evaluation.ts'
import { overlayMap } from '../../explain/overlay.ts'
import type { ExplainedMaps } from '../explanation-evaluation.ts'
import { explanationColumns, explanationHeading, explanationNotes, type ExplanationColumn } from '../explanation-table.ts'
import { groundTruthOf } from '../pixel-evaluation.ts'
import { outlined } from './gallery.ts'
import { html, type Html } from './html-text.ts'
import { dataUrl, shrink } from './picture-data.ts'
import { table } from './tables.ts'

/** A picture with the map of each method over it, all data URLs; `null` without a map. */
export interface ExplainedPictures {
  path: string
  label: string
  picture: string
  maps: Array<{ method: string, overlay: string | null }>
}

/** @param nameOf how the report calls a picture. */
export async function explainedPictures ({ entry, image, maps }: ExplainedMaps, nameOf: (path: string) => string): Promise<ExplainedPictures> {
  const shown = await shrink(image)
  const truth = await groundTruthOf({ entry, image }, shown.width, shown.height)
  const overlays: ExplainedPictures['maps'] = []
  for (const [method, map] of maps) {
    overlays.push({ method, overlay: map === null ? null : await dataUrl(overlayMap(shown, map, { range: { from: 0.05, to: 1 }, outline: Infinity, opacity: 0.7 })) })
  }
  return { path: nameOf(entry.path), label: entry.label, picture: await dataUrl(truth === null ? shown : outlined(shown, truth)), maps: overlays }
}

/** Nothing where no explanations were asked for. */
export function explanationSection (findings: ExplanationFindings | undefined, pictures: readonly ExplainedPictures[]): Html | null {
  if (findings === undefined) return null
  return html`<h2>Explanations</h2>
<p class="note">${explanationHeading(findings)}.</p>
<div class="card scroll wide">${table<ExplanationMethodFindings>([{ name: 'Method', cell: ({ method }) => method }, ...explanationColumns(findings).map((column) => ({ name: column.name, numeric: true, cell: (found: ExplanationMethodFindings) => cellOf(column, found) }))], findings.methods)}</div>
${explanationNotes(findings).map((note) => html`<p class="note">${note}</p>`)}
${pictures.length === 0 ? null : html`<p class="note">Some of them, the ground truth outlined in green; each map is stretched to its own highest value.</p>`}
${pictures.map(explainedRow)}`
}

function explainedRow ({ path, label, picture, maps }: ExplainedPictures): Html {
  const without = maps.filter(({ overlay }) => overlay === null).map(({ method }) => method)
  return html`<div class="card"><h3>${label} <span class="key">${path}${without.length === 0 ? null : `; no map by ${without.join(', ')}`}</span></h3><div class="maps"><figure><img src="${picture}" alt="picture of ${path}"><figcaption><b>the picture</b></figcaption></figure>${
    maps.map(({ method, overlay }) => overlay === null ? null : html`<figure><img src="${overlay}" alt="${method} of ${path}"><figcaption><b>${method}</b></figcaption></figure>`)}</div></div>`
}

/** The interval below its mean, where it takes no width. */
function cellOf ({ cell }: ExplanationColumn, found: ExplanationMethodFindings): Html | string {
  const content = cell(found)
  if (typeof content === 'string') return content
  const { estimate, digits } = content
  if (estimate === null) return '–'
  const { value, low, high } = estimate
  return low === null || high === null ? value.toFixed(digits) : html`${value.toFixed(digits)}<br><small class="soft">${low.toFixed(digits)} to ${high.toFixed(digits)}</small>`
}
