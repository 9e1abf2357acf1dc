package bolt

import (
	"bytes"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"
)

// at is a key that sorts by time and then by what it names.
func at(t time.Time, name []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(t.UnixMilli())), name...)
}

// bound lies between two keys, and can name one that is not there: keys that sort
// before it are below, all others above.
type bound []byte

// span is the keys between two bounds.
type span struct{ low, high bound }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && bytes.Compare(key, s.high) < 0
}

// clamp moves a bound outside the span to its end, so that no walk goes through
// what lies between.
func (s span) clamp(b bound) bound {
	switch {
	case bytes.Compare(b, s.low) < 0:
		return s.low
	case bytes.Compare(b, s.high) > 0:
		return s.high
	}
	return b
}

// nearest brings a cursor to the first key above a bound, or below it.
func nearest(c *bbolt.Cursor, b bound, up bool) (key []byte) {
	key, _ = c.Seek(b)
	switch {
	case up:
		return key
	case key == nil:
		key, _ = c.Last()
	default:
		key, _ = c.Prev()
	}
	return key
}

func next(c *bbolt.Cursor, up bool) (key []byte) {
	if up {
		key, _ = c.Next()
	} else {
		key, _ = c.Prev()
	}
	return key
}
