/** The report's style sheet: light and dark, nothing fetched. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #5a6675; --line: #dfe3e8;
  --good: #2a78b5; --defect: #d1571f; --review: #946200; --reject: #b3261e; --pass: #19733f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151b; --card: #19202a; --ink: #e6ebf1; --soft: #9aa7b6; --line: #2b3542;
    --good: #62aee6; --defect: #f2894f; --review: #e0b04a; --reject: #ff8a80; --pass: #6fcf97;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 56px }
header { margin-bottom: 22px }
h1 { margin: 0; font-size: 27px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em }
h2 { margin: 36px 0 10px; font-size: 17px; font-weight: 650 }
p { margin: 6px 0; max-width: 78ch }
.soft, figcaption, .note { color: var(--soft) }
.note { font-size: 13.5px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 12px }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px }
.tile { padding: 12px 14px }
.tile b { display: block; font-size: 25px; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums }
.tile span { display: block; font-size: 13px; color: var(--soft) }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 14px }
.pair > figure:only-child { max-width: 560px }
.card { padding: 14px 16px; margin: 0; min-width: 0 }
.card h3 { margin: 0 0 8px; font-size: 14px; font-weight: 600; display: flex; gap: 14px; flex-wrap: wrap; align-items: baseline }
.key { font-weight: 400; font-size: 13px; color: var(--soft) }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px }
.key .good { background: var(--good) } .key .defect { background: var(--defect) }
svg { display: block; width: 100%; height: auto; font-size: 11px; fill: var(--soft) }
.grid path { stroke: var(--line); fill: none }
.axis { font-size: 11px }
.chance { stroke: var(--soft); stroke-dasharray: 2 4; fill: none }
.roc { stroke: var(--good); stroke-width: 2; fill: none; stroke-linejoin: round }
.roc-area { fill: var(--good); opacity: .1 }
.series-0 { --series: #2a78b5 } .series-1 { --series: #d1571f } .series-2 { --series: #19733f } .series-3 { --series: #8a3fb0 }
.series-4 { --series: #946200 } .series-5 { --series: #008c95 } .series-6 { --series: #c2307a } .series-7 { --series: #6b7280 }
path.series { stroke: var(--series); stroke-width: 2; fill: none; stroke-linejoin: round } circle[class^="series"] { fill: var(--series) } .key i[class^="series"] { background: var(--series) }
.bars-good, .bars-defect { stroke-width: 1.3; fill-opacity: .32; stroke-linejoin: round }
.bars-good { fill: var(--good); stroke: var(--good) } .bars-defect { fill: var(--defect); stroke: var(--defect) }
.limit-review path, .limit-reject path { stroke-width: 1.5; stroke-dasharray: 5 3; fill: none }
.limit-review path { stroke: var(--review) } .limit-reject path { stroke: var(--reject) }
.limit-review text, .limit-review circle { fill: var(--review) } .limit-reject text, .limit-reject circle { fill: var(--reject) }
.limit-review circle, .limit-reject circle { stroke: var(--card); stroke-width: 1.5 }
.scroll { overflow-x: auto }
.wide { position: relative; left: 50%; translate: -50%; width: max-content; min-width: 100%; max-width: calc(100vw - 40px) }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 6px 12px 6px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 500; font-size: 13px; white-space: nowrap }
td.number, th.number { text-align: right; white-space: nowrap }
.wide :is(th, td) { padding-right: 8px }
tr:last-child td { border-bottom: 0 }
tr.chosen td { font-weight: 600 }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 14px }
.gallery .card { padding: 10px }
.shots { display: grid; grid-template-columns: 1fr 1fr; gap: 6px }
.shots img { width: 100%; height: auto; max-height: 260px; object-fit: contain; align-self: start; background: color-mix(in srgb, var(--line) 55%, var(--card)); border-radius: 4px; display: block }
main > .card + .card { margin-top: 14px }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 170px), 1fr)); gap: 10px }
.maps figure { margin: 0 }
.maps img { width: 100%; height: auto; border-radius: 4px; display: block }
figcaption { margin-top: 8px; font-size: 13px; overflow-wrap: anywhere }
figcaption b { color: var(--ink); font-weight: 600 }
.verdict-good { color: var(--pass) } .verdict-review { color: var(--review) } .verdict-reject { color: var(--reject) }
code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
footer { margin-top: 36px; border-top: 1px solid var(--line); padding-top: 14px; font-size: 13px; color: var(--soft) }
@media print { body { background: #fff } .card, .tile { break-inside: avoid } .scroll { overflow: visible } .wide { position: static; translate: none; width: auto; max-width: none; padding: 0 } .wide table { font-size: 9px } .wide :is(th, td) { padding: 3px; font-size: 9px; white-space: normal } }
`
