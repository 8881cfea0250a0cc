/** Tries a bundle on a device in a process of its own: a driver that crashes or hangs takes only this process with it. */
import { readBundle } from '../bundle/bundle.ts'
import { asGoodpartsError } from '../errors.ts'
import type { Device } from './loaded-model.ts'
import { goldenPart } from './threaded-model.ts'
import { measureThroughput } from './throughput.ts'

const [path = '', device = 'cpu', milliseconds = '0'] = process.argv.slice(2)

process.once('disconnect', () => { process.exit(1) })

async function probe (): Promise<object> {
  try {
    const bundle = await readBundle(path)
    const model = { bytes: bundle.bytes, metadata: goldenPart(bundle.metadata), device: device as Device, threads: 1 }
    return { result: await measureThroughput(model, 1, Number(milliseconds)) }
  } catch (error) {
    return { error: asGoodpartsError(error, 'GOODPARTS_DEVICE_UNAVAILABLE').message }
  }
}

process.send?.(await probe(), () => { process.exit(0) })
