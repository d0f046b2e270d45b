// What the citizen said and the server has not confirmed yet. It survives a reload, so nothing typed is lost.
const KEY = 'chat.outbox'
const MOST = 50

function load(keep) {
  try {
    const kept = JSON.parse(keep.get(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((m) => typeof m?.id === 'string' && typeof m?.text === 'string') : []
  } catch { return [] }
}

export class Outbox {
  constructor(keep) {
    this.keep = keep
    this.waiting = load(keep)
  }

  save() { this.keep.set(KEY, JSON.stringify(this.waiting)) }

  add(text, files = []) {
    const message = { id: newId(), text, ...(files.length ? { attachments: files.map((one) => one.id), files } : {}) }
    this.waiting = [...this.waiting, message].slice(-MOST)
    this.save()
    return message
  }

  done(id) {
    this.waiting = this.waiting.filter((m) => m.id !== id)
    this.save()
  }
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
}
