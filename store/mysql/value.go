package mysql

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"menshen/store"
)

// Times are kept in Unix milliseconds, the zero time as 0; ids as their 16 bytes;
// what is compared byte by byte as VARBINARY, which knows no collation and pads
// nothing.

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant scans a time.
type instant struct{ *time.Time }

// Scan reads milliseconds.
func (i instant) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return unread(value)
	}
	*i.Time = time.Time{}
	if n != 0 {
		*i.Time = time.UnixMilli(n).UTC()
	}
	return nil
}

// rawID scans an id; NULL is the zero id.
type rawID struct{ *store.RawID }

// Scan reads 16 bytes.
func (r rawID) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok && value != nil || ok && len(b) != len(r.RawID) {
		return unread(value)
	}
	*r.RawID = store.RawID{}
	copy(r.RawID[:], b)
	return nil
}

// idText scans an id as clients see it; NULL is "".
type idText struct {
	prefix string
	*string
}

// Scan reads 16 bytes.
func (i idText) Scan(value any) error {
	var raw store.RawID
	if err := (rawID{&raw}).Scan(value); err != nil {
		return err
	}
	*i.string = ""
	if value != nil {
		*i.string = raw.Text(i.prefix)
	}
	return nil
}

// optional scans a text that may be NULL.
type optional struct{ *store.Optional }

// Scan reads a text.
func (o optional) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok && value != nil {
		return unread(value)
	}
	*o.Optional = store.Optional(b)
	return nil
}

// hash scans 32 bytes.
type hash struct{ to *[32]byte }

// Scan reads 32 bytes.
func (h hash) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok || len(b) != len(h.to) {
		return unread(value)
	}
	copy(h.to[:], b)
	return nil
}

// text is an optional text as it is written: NULL when it is unknown. A server takes
// valid UTF-8 only.
func text(o store.Optional) any {
	if o == "" {
		return nil
	}
	return strings.ToValidUTF8(string(o), "\uFFFD")
}

func unread(value any) error {
	return fmt.Errorf("%w: a value of type %T does not read", store.ErrDamaged, value)
}

// rawOf is the bare id in a text that is known to be one.
func rawOf(prefix, id string) []byte {
	raw, _ := store.ParseID(prefix, id)
	return raw[:]
}

func rawUser(id string) []byte    { return rawOf(store.UserPrefix, id) }
func rawSession(id string) []byte { return rawOf(store.SessionPrefix, id) }

// packIDs is a list of users' ids one behind the other.
func packIDs(ids []string) []byte {
	b := []byte{} // the driver takes nil for NULL
	for _, id := range ids {
		b = append(b, rawUser(id)...)
	}
	return b
}

func unpackIDs(b []byte) (ids []string, err error) {
	for chunk := range slices.Chunk(b, len(store.RawID{})) {
		var id string
		if err := (idText{store.UserPrefix, &id}).Scan(chunk); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// packTexts is a list of texts, each behind its length.
func packTexts(texts []string) []byte {
	b := []byte{} // the driver takes nil for NULL
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

func unpackTexts(b []byte) (texts []string, err error) {
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, fmt.Errorf("%w: a list of texts does not read", store.ErrDamaged)
		}
		end := n + int(size)
		texts = append(texts, string(b[n:end]))
		b = b[end:]
	}
	return texts, nil
}

func idsAsBytes(ids []string) (all [][]byte) {
	for _, id := range ids {
		all = append(all, rawUser(id))
	}
	return all
}

func textsAsBytes(texts []string) (all [][]byte) {
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func containsBytes(all [][]byte, one []byte) bool {
	return slices.ContainsFunc(all, func(b []byte) bool { return bytes.Equal(b, one) })
}

// bytesOf is a text that is compared byte by byte; NULL when it is empty.
func bytesOf(s string) any {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// after is an id a little behind another: by less than a tenth of what one
// millisecond holds.
func after(id store.RawID) store.RawID {
	step := uint64(rand.Uint32()) + 1
	low := binary.BigEndian.Uint64(id[8:])
	binary.BigEndian.PutUint64(id[8:], low+step)
	if low+step < low {
		binary.BigEndian.PutUint64(id[:8], binary.BigEndian.Uint64(id[:8])+1)
	}
	return id
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// randomUpTo is a duration by chance, less than another; 0 when that is not positive.
func randomUpTo(d time.Duration) time.Duration { return rand.N(max(d, 1)) }
