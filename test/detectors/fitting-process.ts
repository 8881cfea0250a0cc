/** A process that fits in another, for a test that kills it: prints a line when the fit is at work. */
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import type { FitRequest } from '../../engine/detectors/fit-process.ts'

await fitInProcess(JSON.parse(process.argv[2] ?? '') as FitRequest, { onProgress: ({ stage }) => { process.stdout.write(`${stage}\n`) } })
