/** A process whose explanations rest for ever, for a test that kills it. Its argument: the bundle, `{ path, id }`, as JSON. */
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import type { PartRequest } from '../../engine/explain/part-explanation.ts'
import { ProcessorShare } from '../../engine/runtime/processor-share.ts'
import { spottedPicture } from './hand-built-models.ts'

const bundle = JSON.parse(process.argv[2] ?? '') as PartRequest['bundle']
const processor = new ProcessorShare(1)
const judged = processor.run(1, async () => new Promise(() => { /* never judged */ }))
setInterval(() => { /* lives until it is killed */ }, 60_000)
await Promise.all([judged, new ExplanationProcess('test', 1, { processor }).explain({ bundle, image: spottedPicture(), methods: ['sise'], budget: null, seed: 0, judge: false, zones: [], opacity: 0.6, quality: 85 })])
