package bolt

import (
	"bytes"
	"iter"
	"slices"
	"time"

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

var (
	lowest  bound
	highest = bound(bytes.Repeat([]byte{0xff}, len(place{})))
)

// boundAt is the bound below an instant. Times are kept to the millisecond, so
// that an instant between two of them stands for the later.
func boundAt(t time.Time) bound {
	return at(notBefore1970(t.Add(time.Millisecond-1)), nil)
}

// boundBeside is the bound just above or just below a position. No position is the
// far end of the directory: below everybody, or above.
func boundBeside(p *store.UserPosition, above bool) bound {
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

// passed reports whether who walks up, or down, has passed the bound at a place.
func (b bound) passed(p place, up bool) bool {
	above := bytes.Compare(p[:], b) >= 0
	return above == up
}

// walker yields the places above a bound, or those below it, the nearest first.
// Whoever ranges over them stops at an error.
type walker func(from bound, up bool) iter.Seq2[place, error]

// walkAmong walks over sorted places.
func walkAmong(places []place) walker {
	return func(from bound, up bool) iter.Seq2[place, error] {
		i, _ := slices.BinarySearchFunc(places, from, func(p place, b bound) int { return bytes.Compare(p[:], b) })
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

// stretch is a part of the directory: a span of the places of a facet in an order.
type stretch struct {
	facet string
	by    store.UserOrderField
	span
}

func stretchOf(facet string, by store.UserOrderField, within store.TimeRange) stretch {
	s := stretch{facet, by, span{lowest, highest}}
	if !within.From.IsZero() {
		s.low = boundAt(within.From)
	}
	if !within.To.IsZero() {
		s.high = boundAt(within.To)
	}
	return s
}

// entriesIn walks over the entries of a stretch.
func (d *directory) entriesIn(s stretch) walker {
	prefix := directoryPrefix(s.facet, s.by)
	return func(from bound, up bool) iter.Seq2[place, error] {
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
