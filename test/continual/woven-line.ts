/** A line that learns from woven parts: its options in a folder, its frames, and what was said of them. */
import { join } from 'node:path'
import type { LineReplayOptions } from '../../engine/continual/line-replay.ts'
import { Frame } from '../../engine/frame/frame.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { part } from './detector-update/products.ts'

export function optionsIn (path: string): LineReplayOptions {
  return {
    request: { bundle: join(path, 'line.onnx'), folder: join(path, 'replay'), policy: 'snnl-preserving', memory: { items: 40, bytes: 1e9 }, inbox: { items: 200, bytes: 1e9 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 },
    updateAfter: 0,
    learnFromLineEveryMs: null,
    driftRate: 0.001
  }
}

export const frameOf = (seed: number, brighter = 0): Frame => {
  const { data, width, height, channels } = part('woven', seed)
  return Frame.fromPixels(data.map((value) => Math.min(255, value + brighter)), { source: 'camera', sequence: seed, width, height, channels })
}

export const inspectionOf = (frame: Frame, score: number, pValue = 0.5): InspectionRecord => ({
  schema: 'goodparts.inspection/1',
  eventId: frame.id,
  line: 'line',
  recipe: null,
  product: 'woven',
  partId: null,
  frame: frame.toJSON(),
  times: { captured: frame.capturedAt, scored: frame.capturedAt, published: null },
  bundle: null,
  score,
  pValue,
  limits: null,
  verdict: 'good',
  reason: { code: 'within-limits', text: '' },
  regions: [],
  explanation: null,
  traceId: frame.id
})
