/** The process that updates. */
import { serveParent } from '../../process-of-its-own.ts'
import { updateDetector } from './update-detector.ts'
import type { UpdateJob } from './update-process.ts'

serveParent<UpdateJob>(async (request, progress) => await updateDetector(request, (...stage) => { progress(stage) }))
