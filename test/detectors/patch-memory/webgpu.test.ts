/** A process chooses its Vulkan driver when it starts, so the comparison runs in one of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { findVulkanDriver } from '../../vulkan-driver.ts'

const driver = await findVulkanDriver()

it.skipIf(driver === null)('a bundle graph gives on WebGPU what it gives on the CPU', { timeout: 180_000 }, async () => {
  const program = fileURLToPath(new URL('./webgpu-comparison.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, VK_ICD_FILENAMES: driver ?? '' }, timeout: 170_000 })
  const { score, map } = JSON.parse(stdout) as { score: number, map: number }
  expect(score).toBeLessThan(1e-4)
  expect(map).toBeLessThan(1e-4)
})
