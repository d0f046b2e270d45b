// Attachments in the widget: fetched with the session, drawn on a canvas, so that the host's content policy is not asked.
import { h } from '../dom.js'

const THUMBNAIL = 176

export function fileView(home, session, { trouble, drawn }) {
  const fetched = async (path) => {
    const answer = await fetch(home + path, { headers: { Authorization: `Bearer ${session.token}` }, credentials: 'omit' })
    if (!answer.ok) throw new Error(`${answer.status}`)
    return answer.blob()
  }
  return (one) => {
    const path = `/chat/attachments/${encodeURIComponent(one.id)}`
    const button = h('button', { type: 'button', class: 'file', onclick: () => fetched(path).then((data) => save(data, one.name), trouble) }, one.name)
    if (one.thumbnail) fetched(`${path}/thumbnail`).then(createImageBitmap)
      .then((picture) => { paint(button, picture, one.name); drawn() }, () => {}) // without a picture its name stays
    return button
  }
}

function paint(button, picture, name) {
  const scale = Math.min(1, THUMBNAIL / Math.max(picture.width, picture.height))
  const canvas = h('canvas', { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale), role: 'img', 'aria-label': name })
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height)
  button.replaceChildren(canvas)
}

function save(data, name) {
  const link = h('a', { href: URL.createObjectURL(data), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
