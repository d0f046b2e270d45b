// The full page of the web chat (在线诉求): everything is in the page already, the talk takes it over.
import { h } from './dom.js'
import { elderSwitch } from './elder.js'
import { Keep } from './keep.js'
import { Talk } from './talk.js'
import { View } from './view.js'

const part = (selector) => document.querySelector(selector)

// Photos as their thumbnails, everything else by name; a tap saves the file.
function file(one) {
  const href = `/chat/attachments/${encodeURIComponent(one.id)}`
  if (!one.thumbnail) return h('a', { href }, one.name)
  return h('a', { href, 'aria-label': one.name }, h('img', { src: `${href}/thumbnail`, alt: one.name, loading: 'lazy' }))
}

const setup = JSON.parse(part('#setup').textContent)
const view = new View(setup, { file, slowly: () => document.documentElement.classList.contains('elder') })
const form = part('form')
const talk = new Talk({
  view,
  keep: new Keep('localStorage'),
  zone: window,
  parts: {
    log: part('#log'), quick: part('.quick'), typing: part('.typing'), owner: part('#owner'), offline: part('#offline'),
    trouble: part('#trouble'), tray: part('#tray'), files: part('#files-input'), attach: part('#attach'), form, field: form.elements.text,
  },
})
elderSwitch(part('#big'), () => talk.follow(true))
talk.connect()
