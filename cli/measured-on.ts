/** What every printed measurement says of where it was made. */
import { cpus, totalmem } from 'node:os'
import { packageVersion } from '../engine/package-version.ts'
import { describeRuntime } from '../engine/runtime/onnx-runtime.ts'

export interface MeasuredOn {
  versions: { goodparts: string, node: string, onnxruntime: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}

export async function measuredOn (): Promise<MeasuredOn> {
  const { version } = await describeRuntime()
  return {
    versions: { goodparts: packageVersion(), node: process.versions.node, onnxruntime: version },
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`
    }
  }
}

export function measuredOnText ({ versions, machine }: MeasuredOn): string {
  return `goodparts ${versions.goodparts}, Node ${versions.node}, ONNX Runtime ${versions.onnxruntime}; ` +
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`
}
