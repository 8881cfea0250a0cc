import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** A broker that starts all the same would go on until the time is over: the status is then none. */
function kafka (...values: string[]): { status: number | null, stdout: string, stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '..', '..', 'scripts', 'test-kafka.ts'), ...values], { encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}

describe('npm run kafka', { timeout: 60_000 }, () => {
  it('tells its usage', () => {
    expect(kafka('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: npm run kafka -- .*\[port\][^]*9092/) as string, stderr: '' })
  })

  it.each([['word'], ['0'], ['70000'], ['--port'], ['9092', '9093']])('refuses what is no port: %s', (...values) => {
    const { status, stderr } = kafka(...values)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: .*\n$/)
  })
})
