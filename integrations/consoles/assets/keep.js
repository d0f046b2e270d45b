// What the browser keeps for the next visit; where keeping is forbidden it lasts as long as the page.
export class Keep {
  constructor(name, prefix = '') { Object.assign(this, { name, prefix, memory: {} }) }

  get(key) {
    try { return window[this.name].getItem(this.prefix + key) } catch { return this.memory[key] ?? null }
  }

  set(key, value) {
    try { window[this.name].setItem(this.prefix + key, value) } catch { this.memory[key] = value }
  }
}
