/** Loads bundles for inference: read and check, choose the device, open the threads. */
import type { ModelBundle } from '../bundle/bundle.ts'
import { readBundleInThread } from '../bundle/bundle-thread.ts'
import { GoodpartsError } from '../errors.ts'
import { choiceKey, defaultCacheFolder, rememberChoice, rememberedChoice } from './choice-cache.ts'
import { chooseDevice, type ChoiceContext, type ChoiceRequest } from './device-choice.ts'
import type { DeviceChoice, LoadedModel } from './loaded-model.ts'
import { describeRuntime } from './onnx-runtime.ts'
import { processorShare as share } from './processor-share.ts'
import { ThreadedModel } from './threaded-model.ts'

export interface LoadOptions extends Partial<ChoiceRequest>, ChoiceContext {
  /** Where measured choices are kept; default `$XDG_CACHE_HOME/goodparts`; `null` measures every time. */
  cacheFolder?: string | null
  /** Largest bundle file that is read, default 512 MiB. */
  maximumBytes?: number
}

/**
 * Loads a bundle from its path, its bytes or as read. Nothing of it is done by the calling thread.
 * @throws GOODPARTS_BUNDLE_INVALID, GOODPARTS_BUNDLE_GOLDEN, GOODPARTS_DEVICE_UNAVAILABLE, GOODPARTS_DEPENDENCY_MISSING, GOODPARTS_GRAPH_INVALID
 */
export async function loadModel (source: string | Uint8Array | ModelBundle, options: LoadOptions = {}): Promise<LoadedModel> {
  const { device = 'auto', workers = 'auto', threads = 'auto', cacheFolder = defaultCacheFolder() } = options
  for (const [name, value] of Object.entries({ workers, threads })) {
    if (value !== 'auto' && !(Number.isInteger(value) && value >= 1 && value <= 256)) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be auto or 1 to 256, got ${value}`)
    }
  }
  const bundle = typeof source === 'string' || source instanceof Uint8Array
    ? await readBundleInThread(source, options.maximumBytes === undefined ? {} : { maximumBytes: options.maximumBytes })
    : source
  const { bytes, metadata } = bundle

  const request: ChoiceRequest = { device, workers, threads }
  const choose = async (): Promise<DeviceChoice> => chooseDevice({ bytes, metadata }, request, options)
  if (cacheFolder === null) return await ThreadedModel.open({ bytes, metadata, share, choice: await choose() })

  const key = choiceKey(metadata, request, (await describeRuntime()).version)
  const remembered = await rememberedChoice(cacheFolder, key)
  if (remembered !== undefined) {
    try {
      return await ThreadedModel.open({ bytes, metadata, share, choice: remembered })
    } catch (error) {
      // What was true of the machine may be so no longer.
      if (remembered.device === 'cpu') throw error
    }
  }
  const choice = await choose()
  await rememberChoice(cacheFolder, key, choice)
  return await ThreadedModel.open({ bytes, metadata, share, choice })
}
