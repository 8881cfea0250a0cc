/** Programs and places outside the package: Node, Chromium, Java, Maven, folders that must be writable. */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { makeFolder } from '../../engine/make-folder.ts'
import { defaultUserDirectory } from '../demo/user-directory.ts'
import { missing, present, type Check } from './check.ts'
import { findChromium } from './chromium.ts'

const run = promisify(execFile)
const nodeHeaders = join(dirname(dirname(process.execPath)), 'include', 'node', 'node.h')

export async function checkPrograms (): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    existsSync(nodeHeaders)
      ? present('Node headers', nodeHeaders, 'a choice')
      : missing('Node headers', 'not beside this Node; only needed to compile the GStreamer binding', 'a choice', 'npm run setup (from a checkout) fetches a Node with its headers'),
    await checkProgram('Chromium', await findChromium() ?? 'chromium', ['--version'], 'npm run setup (in a checkout), or set GOODPARTS_CHROMIUM to one'),
    await checkProgram('Java (test Kafka)', 'java', ['-version'], 'apt-get install default-jre-headless'),
    await checkProgram('Maven (test Kafka)', 'mvn', ['--version'], 'apt-get install maven'),
    checkWritable('Demo folder', defaultUserDirectory())
  ]
}

export function checkNode (version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 13)
    ? present('Node', version, 'the main job')
    : missing('Node', version, 'the main job', 'Node >= 22.13; npm run setup (from a checkout) fetches one')
}

export function checkWritable (name: string, folder: string): Check {
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
    return present(`${name} writable`, folder, 'the main job')
  } catch {
    return missing(`${name} writable`, folder, 'the main job', `give this user write permission to ${folder}, or set XDG_DATA_HOME`)
  }
}

async function checkProgram (name: string, program: string, versionArguments: string[], fix: string): Promise<Check> {
  try {
    const { stdout, stderr } = await run(program, versionArguments, { timeout: 10_000 })
    const line = (stdout.trim() === '' ? stderr : stdout).trim().split('\n')[0] ?? ''
    return present(name, stripVTControlCharacters(line), 'the tests')
  } catch {
    return missing(name, 'not found', 'the tests', fix)
  }
}
