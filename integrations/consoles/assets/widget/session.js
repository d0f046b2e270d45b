// The widget's own session: third-party cookies are blocked, so it lies in the host page's storage for a week.
const KEY = 'session'
const WEEK = 7 * 24 * 3600 * 1000
const FORM = /^[\w-]{43}$/

export class Session {
  constructor(keep) {
    this.keep = keep
    const [token, at] = (keep.get(KEY) ?? '').split(' ')
    this.token = FORM.test(token) && Date.now() - Number(at) < WEEK ? token : null
  }

  // Made when the visitor opens the window, not before: a page that is only read keeps nothing.
  use() {
    this.token ??= fresh()
    this.keep.set(KEY, `${this.token} ${Date.now()}`)
    return this.token
  }
}

function fresh() {
  const bytes = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))
  return btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}
