package gate

import "sync"

// Room bounds how many bytes are held at once, in all and by one key, for example
// by the answers that clients have not read yet. Its methods may be called by
// several goroutines. A nil Room has room for all. It remembers those keys alone
// that hold something.
type Room struct {
	// Key returns what counts as one key; nil for the key itself. It may be set
	// before the first Enter.
	Key func(string) string

	total, perKey int

	mu   sync.Mutex
	held int
	by   map[string]int // every entry is above zero
}

// NewRoom returns a room of so many bytes, 0 for any number.
func NewRoom(total, perKey int) *Room {
	return &Room{total: total, perKey: perKey, by: map[string]int{}}
}

// Enter takes room for so many bytes, and reports whether there was any. Who was let
// in must Leave.
func (r *Room) Enter(key string, bytes int) bool {
	if r == nil || bytes <= 0 {
		return true
	}
	key = r.keyOf(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.total > 0 && bytes > r.total-r.held || r.perKey > 0 && bytes > r.perKey-r.by[key] {
		return false
	}
	r.held += bytes
	r.by[key] += bytes
	return true
}

// Leave gives back what the same key entered with, at once or in parts.
func (r *Room) Leave(key string, bytes int) {
	if r == nil || bytes <= 0 {
		return
	}
	key = r.keyOf(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= bytes
	if r.by[key] -= bytes; r.by[key] <= 0 {
		delete(r.by, key)
	}
}

func (r *Room) keyOf(key string) string {
	if r.Key == nil {
		return key
	}
	return r.Key(key)
}
