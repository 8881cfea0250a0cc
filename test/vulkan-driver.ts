/**
 * A Vulkan driver in software, on which the WebGPU provider runs without a graphics processor: SwiftShader, which comes with Chromium.
 * A process chooses its driver when it starts.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findChromium } from '../cli/doctor/chromium.ts'

const debians = '/usr/lib/chromium'

/** Value for `VK_ICD_FILENAMES`; `null`, after a line that says so, where there is none. */
export async function findVulkanDriver (): Promise<string | null> {
  const named = process.env.VK_ICD_FILENAMES
  if (named !== undefined) return named
  const folders = [debians, dirname(await findChromium() ?? debians)]
  const driver = process.platform === 'linux' ? folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((path) => existsSync(path)) : undefined
  if (driver === undefined) process.stderr.write(`Skipped, WebGPU: no Vulkan driver in software at ${folders.join(' or ')}; npm run setup brings one with Chromium\n`)
  return driver ?? null
}
