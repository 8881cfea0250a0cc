/**
 * ONNX Runtime behind a small typed face; the only file that imports onnxruntime-node, lazily. `run` blocks the thread that
 * calls it: sessions belong in worker threads, child processes and batch commands.
 */
import type * as Runtime from 'onnxruntime-node'
import { GoodpartsError } from '../errors.ts'
import type { Device } from './loaded-model.ts'

/**
 * Since 1.29 the runtime's binaries report usage to Microsoft unless the environment says no before they load. A worker thread's environment
 * is a copy that native code does not see: whoever starts one has imported this file on the main thread.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1'

type RuntimeModule = typeof Runtime
type RuntimeTensor = Runtime.Tensor

export interface FloatTensor { type: 'float32', dims: readonly number[], data: Float32Array }

/** Row-major. `data` may lie in a SharedArrayBuffer, which the runtime reads in place. */
export type Tensor =
  | FloatTensor
  | { type: 'uint8' | 'bool', dims: readonly number[], data: Uint8Array }
  | { type: 'int64', dims: readonly number[], data: BigInt64Array }
  | { type: 'int32', dims: readonly number[], data: Int32Array }

export interface SessionOptions {
  /** Default `cpu`. */
  device?: Device
  /** Intra-op threads, default 1. */
  threads?: number
  /** A file that gets the graph as ONNX Runtime optimised it. */
  optimizedModelPath?: string
}

export interface GraphSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /**
   * Runs the graph to all of its outputs, or to those named.
   * @throws GOODPARTS_INFERENCE_FAILED with the runtime's own message.
   */
  run (feeds: Readonly<Record<string, Tensor>>, outputs?: readonly string[]): Promise<Record<string, Tensor>>
  close (): Promise<void>
}

/**
 * Opens an ONNX model from a path or from its bytes.
 * @throws GOODPARTS_DEPENDENCY_MISSING without onnxruntime-node, GOODPARTS_DEVICE_UNAVAILABLE when the device cannot be had,
 *   GOODPARTS_GRAPH_INVALID when the runtime refuses the model.
 */
export async function openSession (model: string | Uint8Array, options: SessionOptions = {}): Promise<GraphSession> {
  const device = options.device ?? 'cpu'
  const runtime = await loadRuntime()
  const sessionOptions: Runtime.InferenceSession.SessionOptions = {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(options.optimizedModelPath === undefined ? {} : { optimizedModelFilePath: options.optimizedModelPath })
  }
  try {
    const session = await (typeof model === 'string'
      ? runtime.InferenceSession.create(model, sessionOptions)
      : runtime.InferenceSession.create(model, sessionOptions))
    return new RuntimeSession(runtime, session)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    if (device !== 'cpu' && /provider|adapter|backend|cuda|tensorrt|webgpu|dawn|\.so\b/i.test(said)) {
      throw new GoodpartsError('GOODPARTS_DEVICE_UNAVAILABLE', `Expected the device ${device} to open, got: ${said}`,
        { cause, fix: 'Choose the device cpu, or install the driver and run goodparts doctor.' })
    }
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected a model that ONNX Runtime accepts, got: ${said}`, { cause })
  }
}

/** Version of onnxruntime-node and the devices that its binary was built with. @throws GOODPARTS_DEPENDENCY_MISSING. */
export async function describeRuntime (): Promise<{ version: string, devices: string[] }> {
  const runtime = await loadRuntime()
  const devices = runtime.listSupportedBackends().map((backend) => backend.name)
  return { version: runtime.env.versions.node ?? 'unknown', devices }
}

class RuntimeSession implements GraphSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly #runtime: RuntimeModule
  readonly #session: Runtime.InferenceSession

  constructor (runtime: RuntimeModule, session: Runtime.InferenceSession) {
    this.#runtime = runtime
    this.#session = session
    this.inputNames = [...session.inputNames]
    this.outputNames = [...session.outputNames]
  }

  async run (feeds: Readonly<Record<string, Tensor>>, outputs: readonly string[] = this.outputNames): Promise<Record<string, Tensor>> {
    try {
      const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, this.#toRuntime(tensor)]))
      const results = await this.#session.run(inputs, [...outputs])
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromRuntime(name, value)]))
    } catch (cause) {
      if (cause instanceof GoodpartsError) throw cause
      throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', cause instanceof Error ? cause.message : String(cause), { cause })
    }
  }

  async close (): Promise<void> {
    await this.#session.release()
  }

  #toRuntime (tensor: Tensor): RuntimeTensor {
    const { Tensor } = this.#runtime
    switch (tensor.type) {
      case 'float32': return new Tensor('float32', tensor.data, tensor.dims)
      case 'uint8': return new Tensor('uint8', tensor.data, tensor.dims)
      case 'bool': return new Tensor('bool', tensor.data, tensor.dims)
      case 'int64': return new Tensor('int64', tensor.data, tensor.dims)
      case 'int32': return new Tensor('int32', tensor.data, tensor.dims)
    }
  }
}

function fromRuntime (name: string, value: RuntimeTensor): Tensor {
  const { dims, data } = value
  if (value.type === 'float32' && data instanceof Float32Array) return { type: 'float32', dims, data }
  if ((value.type === 'uint8' || value.type === 'bool') && data instanceof Uint8Array) return { type: value.type, dims, data }
  if (value.type === 'int64' && data instanceof BigInt64Array) return { type: 'int64', dims, data }
  if (value.type === 'int32' && data instanceof Int32Array) return { type: 'int32', dims, data }
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID',
    `Expected output ${name} to be float32, uint8, bool, int64 or int32, got ${value.type}`)
}

async function loadRuntime (): Promise<RuntimeModule> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', 'Expected the package onnxruntime-node to load',
      { cause, fix: 'npm install onnxruntime-node' })
  }
}
