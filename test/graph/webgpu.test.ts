/** A process chooses its Vulkan driver when it starts, so the training runs in one of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { findVulkanDriver } from '../vulkan-driver.ts'

const driver = await findVulkanDriver()

it.skipIf(driver === null)('training steps end on WebGPU where they end on the CPU', { timeout: 180_000 }, async () => {
  const program = fileURLToPath(new URL('./webgpu-train-step.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, VK_ICD_FILENAMES: driver ?? '' }, timeout: 170_000 })
  const { falls, loss, parameters } = JSON.parse(stdout) as Record<'falls' | 'loss' | 'parameters', number>
  expect(falls).toBeGreaterThan(0)
  expect(loss).toBeLessThan(1e-5)
  expect(parameters).toBeLessThan(1e-4)
})
