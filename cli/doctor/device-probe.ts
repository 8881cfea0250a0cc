/** A short-lived process that runs one small graph on the device named by its argument: a driver that crashes ends only this process. */
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Device } from '../../engine/runtime/loaded-model.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

const graph = new GraphBuilder('probe')
const input = graph.input('x', 'float32', [1, 2])
graph.output('y', graph.node('Mul', [input, graph.scalar(2)]), 'float32', [1, 2])

try {
  const session = await openSession(encodeModel(graph.build()), { device: process.argv[2] as Device })
  const { y } = await session.run({ x: { type: 'float32', dims: [1, 2], data: Float32Array.of(3, 4) } })
  await session.close()
  if (y?.data[0] !== 6 || y.data[1] !== 8) throw new Error(`Expected 6,8, got ${String(y?.data)}`)
  process.exit(0)
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error), () => { process.exit(1) })
}
