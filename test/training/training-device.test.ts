import { describe, expect, it } from 'vitest'
import { GoodpartsError } from '../../engine/errors.ts'
import type { Device } from '../../engine/runtime/loaded-model.ts'
import type { StepTimes } from '../../engine/training/device-trial-process.ts'
import { chooseTrainingDevice } from '../../engine/training/training-device.ts'
import type { TrainingDeviceContext } from '../../engine/training/training-device.ts'

/** Machines with graphics processors; those that are not named have none that opens. */
function machine (times: Partial<Record<Device, StepTimes>>): TrainingDeviceContext {
  return {
    devices: ['cpu', 'cuda', 'webgpu'],
    trial: (device) => {
      const found = times[device]
      return found === undefined ? Promise.reject(new GoodpartsError('GOODPARTS_DEVICE_UNAVAILABLE', 'no driver')) : Promise.resolve(found)
    }
  }
}

const cpu = { losses: [2, 1], milliseconds: 50 }

describe('the device of the train steps', () => {
  it('is by itself the fastest of those that train as the processor does', async () => {
    expect(await chooseTrainingDevice('auto', 1, machine({ cpu, cuda: { losses: [2, 1.0001], milliseconds: 5 }, webgpu: { losses: [2, 1], milliseconds: 9 } })))
      .toEqual({ device: 'cuda', reason: 'cuda, the fastest (a train step of a small network: cpu 50.0 ms, cuda 5.00 ms, webgpu 9.00 ms)' })
    expect((await chooseTrainingDevice('auto', 1, machine({ cpu, cuda: { losses: [2, 1.1], milliseconds: 5 }, webgpu: { losses: [2, 1], milliseconds: 9 } }))).device).toBe('webgpu')
  })

  it('is the processor where a driver in software is slower, and where nothing else trains', async () => {
    expect((await chooseTrainingDevice('auto', 1, machine({ cpu, webgpu: { losses: [2, 1], milliseconds: 6000 } }))).reason)
      .toBe('cpu, the fastest (a train step of a small network: cpu 50.0 ms, cuda cannot train, webgpu 6000 ms)')
    expect((await chooseTrainingDevice('auto', 1, machine({ cpu }))).device).toBe('cpu')
    expect((await chooseTrainingDevice('auto', 1, { ...machine({}), devices: ['cpu'] })).device).toBe('cpu')
  })

  it('is the one asked for, slow or not, unless it cannot train or trains otherwise', async () => {
    expect((await chooseTrainingDevice('webgpu', 1, machine({ cpu, webgpu: { losses: [2, 1], milliseconds: 6000 } }))).device).toBe('webgpu')
    await expect(chooseTrainingDevice('cuda', 1, machine({ cpu }))).rejects.toMatchObject({ code: 'GOODPARTS_DEVICE_UNAVAILABLE', message: 'Expected the device cuda to train, got: no driver' })
    await expect(chooseTrainingDevice('cuda', 1, machine({ cpu, cuda: { losses: [2, NaN], milliseconds: 5 } }))).rejects.toMatchObject({ message: expect.stringContaining('its losses differ') as string })
  })
})
