/**
 * The WebGPU provider runs without a GPU on the SwiftShader driver of Debian's chromium package. The driver is chosen when the
 * process starts, so the comparison runs in a process of its own.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const driver = process.env['VK_ICD_FILENAMES'] ?? '/usr/lib/chromium/vk_swiftshader_icd.json'

it('a bundle graph gives on WebGPU what it gives on the CPU', { timeout: 180_000 }, async (context) => {
  if (process.platform !== 'linux' || !existsSync(driver)) {
    process.stderr.write(`WebGPU comparison skipped: expected a Vulkan driver at ${driver} (Debian: apt install chromium)\n`)
    context.skip()
  }
  const program = fileURLToPath(new URL('./webgpu-comparison.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, VK_ICD_FILENAMES: driver }, timeout: 170_000 })
  const { score, map } = JSON.parse(stdout) as { score: number, map: number }
  expect(score).toBeLessThan(1e-4)
  expect(map).toBeLessThan(1e-4)
})
