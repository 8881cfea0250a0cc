/** The explanation thread: pixel loops and JPEG away from the main thread. */
import { execFile } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { answerQuestions } from '../answering-thread.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import { explainByAnomalyMap, type ExplanationRequest, type ExplanationResult } from './anomaly-map/explain.ts'

/** Below the inference threads, so that the next verdict does not wait for the picture of the last. */
const NICENESS = 19

// On Linux, and only there, a priority belongs to the thread that sets it.
const isLinux = process.platform === 'linux'
if (isLinux) setPriority(NICENESS)
let hasPainted = false

answerQuestions<ExplanationResult>('GOODPARTS_EXPLANATION_FAILED', async (request: ExplanationRequest) => {
  try {
    return await explainByAnomalyMap(request)
  } finally {
    frameMemory.saw(request.frame.memory.byteLength)
    if (isLinux && !hasPainted) giveWay()
    hasPainted = true
  }
})

/**
 * Linux's idle class, by util-linux's chrt, which every Debian has: an inference thread that wakes takes the core at once, where from a thread that is only
 * nice it may wait for the picture to be done. Not before the first picture, for which modules load: on a machine whose cores
 * are all taken that would last longer than anybody waits. Without chrt, and in containers that refuse it, niceness stays.
 */
function giveWay (): void {
  try {
    execFile('chrt', ['--idle', '--pid', '0', basename(readlinkSync('/proc/thread-self'))], () => { /* Nothing is lost but speed elsewhere. */ })
  } catch {
    // Nor without /proc.
  }
}
