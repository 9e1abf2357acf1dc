package wechattest

import "time"

const (
	// codeLife is how long a login code or a phone code lives (WeChat's
	// wx.login and getuserphonenumber pages: five minutes).
	codeLife = 5 * time.Minute
	// maxCodes bounds the codes remembered; the oldest are forgotten first.
	maxCodes = 100_000
)

// codebook holds one kind of one-time code for as long as they live.
// Its zero value is empty and ready to use.
type codebook[T any] struct {
	entries map[string]entry[T]
	order   []string // as issued, so also as they expire
}

type entry[T any] struct {
	value   T
	expires time.Time
}

// put remembers a code from now on and forgets those that have expired.
func (b *codebook[T]) put(code string, value T, now time.Time) {
	if b.entries == nil {
		b.entries = map[string]entry[T]{}
	}
	for len(b.order) > 0 && (len(b.order) >= maxCodes || b.expired(b.order[0], now)) {
		delete(b.entries, b.order[0])
		b.order = b.order[1:]
	}
	b.entries[code] = entry[T]{value: value, expires: now.Add(codeLife)}
	b.order = append(b.order, code)
}

// find returns what was put under a code that still lives.
func (b *codebook[T]) find(code string, now time.Time) (T, bool) {
	e, ok := b.entries[code]
	if !ok || b.expired(code, now) {
		var none T
		return none, false
	}
	return e.value, true
}

func (b *codebook[T]) expired(code string, now time.Time) bool {
	return !now.Before(b.entries[code].expires)
}
