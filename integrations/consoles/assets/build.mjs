// Bundles scripts and styles into OUTDIR with content hashes in their names, and writes OUTDIR/manifest.json.
// Run it where node_modules is: `node …/build.mjs OUTDIR`. Nothing is fetched at run time.
import { createRequire } from 'node:module'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const esbuild = createRequire(join(process.cwd(), 'package.json'))('esbuild')
const here = dirname(fileURLToPath(import.meta.url))
const outdir = resolve(process.argv[2] ?? 'dist')
const entries = ['chat.js', 'chat.css', 'citizen.js', 'citizen.css', 'console.js', 'console.css', 'report.js']

mkdirSync(outdir, { recursive: true })
const { metafile } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'iife',
  charset: 'utf8',
  target: ['chrome86', 'firefox90', 'safari15'],
  nodePaths: [join(process.cwd(), 'node_modules')],
  metafile: true,
  logLevel: 'warning',
})

const manifest = {}
for (const [path, made] of Object.entries(metafile.outputs)) {
  if (made.entryPoint) manifest[basename(made.entryPoint)] = relative(outdir, resolve(here, path))
}
writeFileSync(join(outdir, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n')
