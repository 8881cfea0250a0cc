/** Pictures that do not come from a GStreamer source element but are pushed into the graph, with their names. */
import { fileURLToPath } from 'node:url'
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import type { CaptureOutput } from './compile.ts'
import type { ParameterValue } from './parameters.ts'

export interface PictureFeedPlan {
  kind: 'pictures'
  folder: string
  order: 'name' | 'shuffled'
  seed: number
  /** The first pass begins with this many good pictures by name; later passes leave them out. 0 = no difference. */
  learn: number
  /** Share of defective pictures after those, 0 to 1, or `null` for as they are in the folder. */
  defectShare: number | null
  /** Pictures per second, or `null` for as fast as they are taken. */
  rate: number | null
}

export interface GeneratedLinePlan {
  kind: 'generated-line'
  seed: number
  /** Pixels. */
  width: number
  height: number
  /** The first this many parts are good. */
  learn: number
  /** Share of defective parts after those, 0 to 1. */
  defectShare: number
  rate: number | null
  /** Parts of one pass, or `null` for no end. */
  count: number | null
}

export type FeedPlan = PictureFeedPlan | GeneratedLinePlan

const sample = fileURLToPath(new URL('../../flows/samples/light-guide-plates', import.meta.url))

/** The feed that a definition asks for, or `null`. */
export function feedPlan (definition: PipelineDefinition, values: ReadonlyMap<string, ParameterValue>, output: CaptureOutput): FeedPlan | null {
  const number = (name: string): number | null => {
    const value = values.get(name)
    return typeof value === 'number' ? value : null
  }
  const rate = output.pace === 'free' ? null : slower(number('rate'), output.maximumRate ?? null)
  if (definition.feed === 'pictures') {
    return {
      kind: 'pictures', folder: String(values.get('folder') ?? sample), order: values.get('order') === 'name' ? 'name' : 'shuffled', seed: number('seed') ?? 0, learn: number('learn') ?? 0, defectShare: number('defectShare'), rate
    }
  }
  if (definition.feed === 'generated-line') {
    return {
      kind: 'generated-line', seed: number('seed') ?? 0, width: number('width') ?? 640, height: number('height') ?? 480, learn: number('learn') ?? 0, defectShare: number('defectShare') ?? 0, rate, count: number('count')
    }
  }
  return null
}

function slower (one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
