package bolt

import (
	"bytes"
	"iter"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// place is where a user stands in an order: a time in milliseconds and the bare
// id, as in a key of the directory. Places sort as bytes.
type place [8 + len(store.RawID{})]byte

func placeOf(t time.Time, user store.RawID) place { return place(at(notBefore1970(t), user[:])) }

func (p place) user() store.RawID { return rawID(p[8:]) }

func (p place) compare(other place) int { return bytes.Compare(p[:], other[:]) }

// notBefore1970 keeps a bound that nobody can meet from turning into the far
// future: keys hold no negative numbers.
func notBefore1970(t time.Time) time.Time {
	if t.UnixMilli() < 0 {
		return time.UnixMilli(0)
	}
	return t
}

// gap lies between two places, and can name one where nobody stands: places that
// sort before it are below, all others above.
type gap []byte

var (
	lowest  gap
	highest = gap(bytes.Repeat([]byte{0xff}, len(place{})))
)

// gapAt is the gap below an instant. Times are kept to the millisecond, so that an
// instant between two of them stands for the later.
func gapAt(t time.Time) gap {
	return at(notBefore1970(t.Add(time.Millisecond-1)), nil)
}

// gapBeside is the gap just above or just below a position. No position is the
// far end of the directory: below everybody, or above.
func gapBeside(p *store.UserPosition, above bool) gap {
	switch {
	case p == nil && above:
		return lowest
	case p == nil:
		return highest
	}
	beside := placeOf(p.At, rawUser(p.ID))
	if above {
		return append(beside[:], 0)
	}
	return beside[:]
}

// passed reports whether who walks up, or down, has passed the gap at a place.
func (g gap) passed(p place, up bool) bool {
	above := bytes.Compare(p[:], g) >= 0
	return above == up
}

// walk yields the places above a gap, or those below it, the nearest first. Whoever
// ranges over it stops at an error.
type walk func(from gap, up bool) iter.Seq2[place, error]

// walkAmong walks over sorted places.
func walkAmong(places []place) walk {
	return func(from gap, up bool) iter.Seq2[place, error] {
		i, _ := slices.BinarySearchFunc(places, from, func(p place, g gap) int { return bytes.Compare(p[:], g) })
		step := +1
		if !up {
			i, step = i-1, -1
		}
		return func(yield func(place, error) bool) {
			for i := i; i >= 0 && i < len(places); i += step {
				if !yield(places[i], nil) {
					return
				}
			}
		}
	}
}

// stretch is a part of the directory: the users of a facet in an order, between
// two gaps.
type stretch struct {
	facet     string
	by        store.UserOrderField
	low, high gap
}

func stretchOf(facet string, by store.UserOrderField, within store.TimeRange) stretch {
	s := stretch{facet, by, lowest, highest}
	if !within.From.IsZero() {
		s.low = gapAt(within.From)
	}
	if !within.To.IsZero() {
		s.high = gapAt(within.To)
	}
	return s
}

func (s stretch) holds(name []byte) bool {
	return bytes.Compare(name, s.low) >= 0 && bytes.Compare(name, s.high) < 0
}

// clamp moves a gap outside the stretch to its end, so that no walk goes through
// what lies between.
func (s stretch) clamp(g gap) gap {
	switch {
	case bytes.Compare(g, s.low) < 0:
		return s.low
	case bytes.Compare(g, s.high) > 0:
		return s.high
	}
	return g
}

// walk walks over the entries of a stretch.
func (d *directory) walk(s stretch) walk {
	prefix := directoryPrefix(s.facet, s.by)
	return func(from gap, up bool) iter.Seq2[place, error] {
		from = s.clamp(from)
		return func(yield func(place, error) bool) {
			c := d.Bucket(bucketDirectory).Cursor()
			for key := nearest(c, append(slices.Clip(prefix), from...), up); ; key = next(c, up) {
				name, inside := bytes.CutPrefix(key, prefix)
				if !inside || !s.holds(name) {
					return
				}
				if !yield(d.place(name)) {
					return
				}
			}
		}
	}
}

// place reads the rest of a key of the directory.
func (d *directory) place(name []byte) (p place, err error) {
	if len(name) != len(p) {
		return p, misnamed(bucketDirectory)
	}
	return place(name), d.step()
}

// nearest brings a cursor to the first key above a gap between keys, or below it.
func nearest(c *bbolt.Cursor, gap []byte, up bool) (key []byte) {
	key, _ = c.Seek(gap)
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
