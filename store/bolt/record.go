package bolt

import (
	"encoding/binary"
	"fmt"
	"time"

	"menshen/store"
)

// A record is a version byte and then its fields in order: numbers as varints,
// texts and bytes behind their length, times as Unix milliseconds (0 for the
// zero time), ids and hashes bare. Version 2 has more at the end of users, their
// identities and phone numbers, and sessions.
const recordVersion = 2

type encoder []byte

func newRecord(size int) encoder { return append(make(encoder, 0, size), recordVersion) }

func (e *encoder) raw(b []byte)  { *e = append(*e, b...) }
func (e *encoder) uint(n uint64) { *e = binary.AppendUvarint(*e, n) }

func (e *encoder) bytes(b []byte) {
	e.uint(uint64(len(b)))
	e.raw(b)
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) optional(o store.Optional) { e.text(string(o)) }

func (e *encoder) time(t time.Time) {
	if t.IsZero() {
		e.uint(0)
		return
	}
	e.uint(uint64(t.UnixMilli()))
}

func (e *encoder) texts(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.text(s)
	}
}

func (e *encoder) flag(yes bool) { e.uint(uint64(bit(yes))) }

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// decoder reads what an encoder wrote. After a fault every read gives zero;
// err tells.
type decoder struct {
	version byte
	rest    []byte
	bad     bool
}

func openRecord(b []byte) *decoder {
	d := &decoder{rest: b}
	d.version = d.raw(1)[0]
	if d.version < 1 || d.version > recordVersion {
		d.fail()
	}
	return d
}

func (d *decoder) fail() { d.rest, d.bad = nil, true }

// err is nil when the record was read to its end without a fault.
func (d *decoder) err(kind string) error {
	if d.bad || len(d.rest) > 0 {
		return fmt.Errorf("%w: %s", store.ErrDamaged, kind)
	}
	return nil
}

func (d *decoder) raw(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.fail()
		return make([]byte, min(max(n, 0), 64))
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	return d.raw(int(n))
}

func (d *decoder) texts() (list []string) {
	for range d.count() {
		list = append(list, d.text())
	}
	return list
}

func (d *decoder) flag() bool { return d.uint() != 0 }

func (d *decoder) text() string { return string(d.bytes()) }

func (d *decoder) optional() store.Optional { return store.Optional(d.bytes()) }

// count reads the length of a list whose items take at least one byte each.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) time() time.Time {
	ms := d.uint()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

func (d *decoder) id() store.RawID { return rawID(d.raw(len(store.RawID{}))) }

// rawID reads an id that stands in a key or an index. One of the wrong length,
// in a damaged file, becomes an id that nobody has.
func rawID(b []byte) (raw store.RawID) {
	if len(b) == len(raw) {
		copy(raw[:], b)
	}
	return raw
}

// rawUser returns the bare id of a user that the store made.
func rawUser(id string) store.RawID {
	raw, _ := store.ParseID(store.UserPrefix, id)
	return raw
}

// rawSession returns the bare id of a session that the store made.
func rawSession(id string) store.RawID {
	raw, _ := store.ParseID(store.SessionPrefix, id)
	return raw
}

// dangling is for a key that names a record which is not there.
func dangling(kind string) error {
	return fmt.Errorf("%w: an index names a missing %s", store.ErrDamaged, kind)
}

// misnamed is for a key that does not read.
func misnamed(bucket []byte) error {
	return fmt.Errorf("%w: a key in %s", store.ErrDamaged, bucket)
}
