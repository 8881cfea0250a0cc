/** The WebGPU provider runs without a graphics processor on the SwiftShader driver of Debian's chromium package, which a process chooses when it starts. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const driver = process.env['VK_ICD_FILENAMES'] ?? '/usr/lib/chromium/vk_swiftshader_icd.json'

it('training steps end on WebGPU where they end on the CPU', { timeout: 180_000 }, async (context) => {
  if (process.platform !== 'linux' || !existsSync(driver)) {
    process.stderr.write(`Training on WebGPU skipped: expected a Vulkan driver at ${driver} (Debian: apt install chromium)\n`)
    context.skip()
  }
  const program = fileURLToPath(new URL('./webgpu-train-step.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, VK_ICD_FILENAMES: driver }, timeout: 170_000 })
  const { falls, loss, parameters } = JSON.parse(stdout) as Record<'falls' | 'loss' | 'parameters', number>
  expect(falls).toBeGreaterThan(0)
  expect(loss).toBeLessThan(1e-5)
  expect(parameters).toBeLessThan(1e-4)
})
