/** The demo's own Node-RED user directory: this package linked in, the example flow laid down once, settings for loopback. */
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { GoodpartsError } from '../../engine/errors.ts'
import { makeFolder } from '../../engine/make-folder.ts'

export const packageName = '@goodparts/node-red-inspection'
const manifestName = 'goodparts-demo'

export interface UserDirectory {
  path: string
  settingsFile: string
  flowFile: string
  /** An edited flow was there and is used. */
  flowKept: boolean
  /** Where the flow that had to make room lies; `null` where none had to. */
  flowBefore: string | null
}

/** `$XDG_DATA_HOME/goodparts/demo`, which is `~/.local/share/goodparts/demo` where that is not set. */
export function defaultUserDirectory (): string {
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'goodparts', 'demo')
}

/** The folder that holds this package's `package.json`, from a checkout and when installed. */
export function packageRoot (start: string = import.meta.dirname): string {
  let folder = start
  while (dirname(folder) !== folder) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === packageName) return folder
    folder = dirname(folder)
  }
  throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', `Expected ${start} to lie inside the package ${packageName}`)
}

/**
 * Makes the directory usable. An edited flow is kept: the example is laid down where no flow is yet, or, with `renewFlow`,
 * or where it was laid down for something else than `madeFor` (`null` = for whatever is there), over an older one, which is kept beside it as `flows.json.before`,
 * or `.before.2` and so on. `fitFolders`, which the new flow learns from, stay readable for as long as that flow is kept.
 * @throws GOODPARTS_ARGUMENT when the directory is somebody else's, GOODPARTS_STORE_FAILED when it cannot be written
 */
export function prepareUserDirectory (path: string, options: { editorPort: number, flow: () => unknown, renewFlow: boolean, madeFor?: string | null, fitFolders?: readonly string[] }): UserDirectory {
  try {
    expectOwn(path)
    const scope = join(path, 'node_modules', dirname(packageName))
    makeFolder(scope)
    const link = join(path, 'node_modules', packageName)
    rmSync(link, { recursive: true, force: true })
    symlinkSync(packageRoot(), link, 'dir')
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name: manifestName, private: true, dependencies: { [packageName]: '*' } }, null, 2))

    const flowFile = join(path, 'flows.json')
    const madeForFile = join(path, 'flow-made-for.txt')
    const { madeFor = null } = options
    const isAnother = madeFor !== null && !(existsSync(madeForFile) && readFileSync(madeForFile, 'utf8') === madeFor)
    const flowBefore = (options.renewFlow || isAnother) && existsSync(flowFile) ? freeName(`${flowFile}.before`) : null
    if (flowBefore !== null) renameSync(flowFile, flowBefore)
    const flowKept = existsSync(flowFile)
    const foldersFile = join(path, 'fit-folders.json')
    if (!flowKept) {
      writeFileSync(flowFile, JSON.stringify(options.flow(), null, 2))
      writeFileSync(madeForFile, madeFor ?? '')
      writeFileSync(foldersFile, JSON.stringify(options.fitFolders ?? [], null, 2))
    }
    const fitFolders = existsSync(foldersFile) ? JSON.parse(readFileSync(foldersFile, 'utf8')) as string[] : []

    const settingsFile = join(path, 'settings.cjs')
    writeFileSync(settingsFile, settings(path, options.editorPort, fitFolders))
    return { path, settingsFile, flowFile, flowKept, flowBefore }
  } catch (cause) {
    if (cause instanceof GoodpartsError) throw cause
    throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${path} to be writable: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, fix: 'choose another folder with --user-dir' })
  }
}

/**
 * A Node-RED that somebody uses has its own packages and settings, which the demo would overwrite.
 * @throws GOODPARTS_ARGUMENT when the directory is somebody else's
 */
export function expectOwn (path: string): void {
  const manifest = join(path, 'package.json')
  if (existsSync(manifest) ? nameIn(manifest) === manifestName : !['flows.json', 'settings.js', 'node_modules'].some((name) => existsSync(join(path, name)))) return
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a new folder or one of the demo, got one that something else uses`, {
    fix: `Choose another folder with --user-dir; to use Goodparts in a Node-RED of your own, npm install ${packageName} there`
  })
}

function nameIn (manifest: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name
  } catch {
    return undefined
  }
}

/** `wanted`, or with the first number behind it that no file has: what a person edited is never written over. */
function freeName (wanted: string): string {
  let name = wanted
  for (let number = 2; existsSync(name); number++) name = `${wanted}.${number}`
  return name
}

/** A demo that is killed closes the pipe: a Node-RED that went on alone would keep the folder and the ports, and nobody would see it. */
const endWithDemo = 'process.stdin.resume().once(\'end\', () => { process.kill(process.pid, \'SIGTERM\') })\n'

function settings (userDir: string, editorPort: number, goodpartsFitFolders: readonly string[]): string {
  return `${endWithDemo}module.exports = ${JSON.stringify({
    userDir,
    flowFile: 'flows.json',
    flowFilePretty: true,
    uiHost: '127.0.0.1',
    uiPort: editorPort,
    goodpartsFitFolders,
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
    logging: { console: { level: 'info', metrics: false, audit: false } },
    paletteCategories: ['Goodparts', 'subflows', 'common', 'function', 'network', 'sequence', 'parser', 'storage'],
    editorTheme: { tours: false, page: { title: 'Goodparts' }, header: { title: 'Goodparts' } }
  }, null, 2)}\n`
}
