/** A process chooses its Vulkan driver when it starts, so the training runs in one of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { findVulkanDriver } from '../vulkan-driver.ts'

const driver = await findVulkanDriver()

it.skipIf(driver === null)('training steps, one by one and in a loop, end on WebGPU where they end on the CPU', { timeout: 180_000 }, async () => {
  const program = fileURLToPath(new URL('./webgpu-train-step.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, VK_ICD_FILENAMES: driver ?? '' }, timeout: 170_000 })
  const { falls, ...ways } = JSON.parse(stdout) as { falls: number } & Record<'oneByOne' | 'inLoop', { loss: number, parameters: number }>
  expect(falls).toBeGreaterThan(0)
  for (const { loss, parameters } of [ways.oneByOne, ways.inLoop]) {
    expect(loss).toBeLessThan(1e-5)
    expect(parameters).toBeLessThan(1e-4)
  }
})
