// The chat on any site (嵌入式小窗): <script src="https://…/widget.js" async></script>. It lives in a shadow DOM, brings
// no markup and no inline style, and is not there at all where the site is not allowed.
import { h } from '../dom.js'
import { Keep } from '../keep.js'
import { Talk } from '../talk.js'
import { View } from '../view.js'
import { fileView } from './files.js'
import { optionsOf } from './options.js'
import { Panel } from './panel.js'
import { Session } from './session.js'
import css from './widget.css?text'

const TAG = 'hotline-12345'
const TRIES = 8

// The installation may be away for a moment; where it answers but the browser keeps the answer from this site, the site
// is not allowed, and asking again is no use.
async function setupFrom(home) {
  const url = `${home}/chat/setup`
  const look = (mode) => fetch(url, { mode, credentials: 'omit' }).catch(() => null)
  for (let tried = 0; tried < TRIES; tried++) {
    const answer = await look('cors')
    if (answer?.ok) return answer.json()
    if (!answer && await look('no-cors')) throw new Error(`${TAG}: ${location.origin} is not in HOTLINE_WIDGET_ORIGINS`)
    await new Promise((again) => { setTimeout(again, 1000 * 2 ** tried * (0.7 + Math.random() * 0.6)) })
  }
  throw new Error(`${TAG}: ${home} does not answer`)
}

function dressed(root, home) {
  if ('adoptedStyleSheets' in root && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    return Promise.resolve()
  }
  return new Promise((done, failed) => root.append(h('link', { rel: 'stylesheet', href: `${home}/widget.css`, onload: done, onerror: failed })))
}

function paint(element, { colour, text, on, left }) {
  for (const [name, value] of Object.entries({ colour, text, on })) if (value) element.style.setProperty(`--${name}`, value)
  element.classList.toggle('left', left)
}

async function start(script) {
  if (!script || document.querySelector(TAG)) return
  const element = document.createElement(TAG)
  document.body.append(element)
  const options = optionsOf(script)
  const setup = await setupFrom(options.home)
  const root = element.attachShadow({ mode: 'open' })
  await dressed(root, options.home)
  element.lang = 'zh-CN'
  build(root, element, options, setup)
}

function build(root, element, options, setup) {
  const keep = new Keep(options.storage, `${TAG}.`)
  const session = new Session(keep)
  let talk = null
  const trouble = () => talk.trouble({ text: setup.words['file.failed'] })
  const file = fileView(options.home, session, { trouble, drawn: () => talk.follow() })
  const view = new View(setup, { home: options.home, file, slowly: () => panel.box.classList.contains('elder') })
  const panel = new Panel(view, options)
  let newest = Number(keep.get('seen')) // when the newest message that the visitor has seen was said
  const seen = () => keep.set('seen', newest)
  talk = new Talk({
    parts: panel.parts, view, keep, zone: panel.box,
    session: () => session.use(),
    headers: () => ({ Authorization: `Bearer ${session.token}` }),
    heard: ({ at }) => {
      const said = Date.parse(at)
      if (said <= newest) return
      newest = said
      if (panel.open) seen()
      else panel.count(panel.unread + 1)
    },
  })
  panel.opened = () => { session.use(); talk.connect(); seen(); talk.follow(true) }
  panel.large(options.large || keep.get('elder') === '1')
  panel.big.addEventListener('click', () => {
    const on = !panel.box.classList.contains('elder')
    keep.set('elder', on ? '1' : '0')
    panel.large(on)
    talk.follow(true)
  })
  paint(element, options)
  root.append(panel.told, panel.opener, panel.box)
  if (session.token) talk.connect() // somebody came back: what was said meanwhile is counted on the button
}

const script = document.currentScript ?? document.querySelector('script[src$="/widget.js"]')
const begin = () => start(script).catch((error) => console.warn(error.message))
if (document.body) begin()
else addEventListener('DOMContentLoaded', begin)
