// The consoles work without a script. This adds live lists, shortcuts and protection against double clicks.
import './htmx.js'
import 'htmx.org/dist/ext/hx-sse.js'

const typing = (target) => target.closest('input, textarea, select, [contenteditable]') !== null

function step(by) {
  const links = [...document.querySelectorAll('.q a')]
  if (!links.length) return
  const at = links.indexOf(document.activeElement)
  const here = at >= 0 ? at : links.findIndex((link) => link.hasAttribute('aria-current')) - (by < 0 ? 0 : 1) + (by > 0 ? 1 : 0)
  links[Math.max(0, Math.min(links.length - 1, here + by))].focus()
}

// The desk's keys: Alt+N takes the next one, Alt+T hands on, Alt+1… writes a canned phrase. Codes, not characters,
// because Alt changes what a key types on some keyboards.
function shortcut(code) {
  if (code === 'KeyN') return press(document.querySelector('#accept') ?? document.querySelector('.reply form[action$="/take"] button') ?? document.querySelector('#queue .q a:not([aria-current])'))
  if (code === 'KeyT') return press(document.querySelector('.transfer > summary'))
  return code.startsWith('Digit') && press(document.querySelector(`[data-alt="${code.slice(5)}"]`))
}
function press(target) { target?.click(); return Boolean(target) }

document.addEventListener('keydown', (event) => {
  const sends = event.ctrlKey || event.metaKey || ('send' in event.target.dataset && !event.shiftKey && !event.isComposing)
  if (event.key === 'Enter' && sends && event.target.form) {
    event.preventDefault()
    event.target.form.requestSubmit()
  } else if (event.altKey && !event.ctrlKey && shortcut(event.code)) {
    event.preventDefault()
  } else if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) {
    // the key belongs to the field or the browser
  } else if (event.key === 'j') step(1)
  else if (event.key === 'k') step(-1)
  else if (event.key === '/') {
    const search = document.querySelector('input[type=search]')
    if (search) { event.preventDefault(); search.focus() }
  }
})

// A form that is on its way is not sent twice; the server would recognise it, but the person should see it too.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sending) { event.preventDefault(); return }
  if (event.target.method !== 'post' || event.target.hasAttribute('hx-post') || 'download' in event.target.dataset) return
  event.target.dataset.sending = '1'
  for (const button of event.target.querySelectorAll('button')) setTimeout(() => { button.disabled = true })
}, true)
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sending]')) {
    delete form.dataset.sending
    for (const button of form.querySelectorAll('button')) button.disabled = false
  }
})

// Canned phrases go where the cursor is.
document.addEventListener('click', (event) => {
  const phrase = event.target.closest('[data-insert]')
  if (!phrase) return
  const field = document.getElementById(phrase.dataset.into)
  field.setRangeText(phrase.dataset.insert, field.selectionStart, field.selectionEnd, 'end')
  field.focus()
})

function minutes(seconds) { return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}` }

function tick() {
  for (const since of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, (Date.now() - Date.parse(since.dateTime)) / 1000)
    if (seconds < 6000) since.textContent = minutes(seconds)
  }
  for (const until of document.querySelectorAll('time[data-until]')) {
    until.textContent = String(Math.max(0, Math.ceil((Date.parse(until.dateTime) - Date.now()) / 1000)))
  }
}
setInterval(tick, 1000)
tick()

function toEnd() {
  const log = document.querySelector('[data-log]')
  if (log) log.scrollTop = log.scrollHeight
}
document.addEventListener('htmx:after:swap', () => { tick(); toEnd() })
toEnd()

// Typing signs, both ways: ours at most every three seconds, theirs for four.
let told = 0
document.addEventListener('input', (event) => {
  const path = event.target.dataset?.typing
  if (!path || Date.now() - told < 3000) return
  told = Date.now()
  const csrf = event.target.form.elements.csrf.value
  fetch(path, { method: 'POST', body: new URLSearchParams({ csrf }) }).catch(() => { told = 0 })
})
let hush = 0
document.body.addEventListener('citizen-typing', () => {
  const sign = document.querySelector('#typing')
  if (!sign) return
  sign.hidden = false
  clearTimeout(hush)
  hush = setTimeout(() => { sign.hidden = true }, 4000)
})

// The menu is <details>: it works without a script. Escape and a click beside close it; a secret is selected to be copied.
function closeMenus(but) {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (menu !== but) menu.open = false
}
document.addEventListener('click', (event) => closeMenus(event.target.closest('details.menu')))
document.addEventListener('focusin', (event) => {
  closeMenus(event.target.closest('details.menu'))
  if ('copy' in event.target.dataset) event.target.select()
})
document.addEventListener('keydown', (event) => {
  const open = document.querySelector('details.menu[open]')
  if (event.key !== 'Escape' || !open) return
  open.open = false
  open.querySelector('summary').focus()
})
